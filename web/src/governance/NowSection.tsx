import type { ReactNode } from "react";
import type { Category, Retention } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { ChangeList } from "../settings/ChangeList.tsx";
import { doubtText } from "../settings/ClockNote.tsx";
import { FloorTags } from "../settings/FloorTags.tsx";
import { footOf, labelOf } from "../settings/names.ts";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";

const text = messages.governance.now;

interface NowSectionProps {
  retention: Retention;
  format: DateFormat;
  when: When;
}

/** What holds at this moment: the policy, what is off, floors, holds, what is still to come. */
export function NowSection({ retention, format, when }: NowSectionProps) {
  const { categories, pending, sweeper } = retention;
  const off = categories.filter((category) => category.recording === "off");
  const floored = categories.filter((category) => category.floors.length > 0);
  const held = categories.filter((category) => category.holds.length > 0);
  const sweeps = messages.retention.sweeper;
  return (
    <section className="panel" aria-labelledby="governance-now">
      <header>
        <h2 id="governance-now">{text.title}</h2>
        <span className="muted">{footOf(retention, format)}</span>
        <Link className="btn" to="settings">
          <Icon name="gear" />
          {text.settings}
        </Link>
      </header>
      <dl className="now">
        <Line name={text.policy}>
          {text.entry} <EntryLink index={retention.index} />
          {retention.saved_at && <>, {when(retention.saved_at)}</>}
          {retention.saved_by && (
            <>
              , <OneLine text={retention.saved_by} />
            </>
          )}
          {retention.reason && (
            <>
              , <OneLine text={messages.retention.pending.reasonIs(retention.reason)} />
            </>
          )}
        </Line>
        <Line name={text.off}>
          {off.length === 0
            ? text.allOn
            : off.map((one) => <Off key={one.name} category={one} format={format} />)}
        </Line>
        <Line name={text.coming}>
          {pending ? (
            <>
              {messages.retention.pending.from(dayText(pending.effective_day, format))} (
              {text.entry} <EntryLink index={pending.index} />)
              <ChangeList changes={pending.changes} />
            </>
          ) : (
            text.nothingComing
          )}
        </Line>
        <Line name={text.floors}>
          {floored.length === 0
            ? messages.retention.none
            : floored.map((one) => (
                <span key={one.name} className="now-item">
                  <OneLine text={labelOf(one)} /> <FloorTags floors={one.floors} format={format} />
                </span>
              ))}
        </Line>
        <Line name={text.holds}>
          {held.length === 0
            ? messages.retention.none
            : held.map((one) => (
                <span key={one.name} className="now-item">
                  <OneLine text={labelOf(one)} />{" "}
                  {one.holds.map((hold) => (
                    <span key={hold} className="tag hold">
                      <Icon name="pin" />
                      <OneLine text={hold} />
                    </span>
                  ))}
                </span>
              ))}
        </Line>
        <Line name={text.sweeper}>
          {sweeps[sweeper.state]}
          {sweeper.last_sweep_at && <>, {sweeps.last(when(sweeper.last_sweep_at))}</>}
          {sweeper.clock && (
            <span className="wrong">
              {doubtText(sweeper.clock)} {messages.retention.clock.held}
            </span>
          )}
        </Line>
      </dl>
    </section>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Off({ category, format }: { category: Category; format: DateFormat }) {
  const since = category.off_since
    ? messages.retention.offSince(dayText(category.off_since, format))
    : "";
  return (
    <span className="now-item">
      <b>
        <OneLine text={labelOf(category)} />
      </b>{" "}
      {since}
      {category.skipped > 0 && <>, {messages.retention.skipped(category.skipped)}</>}
    </span>
  );
}
