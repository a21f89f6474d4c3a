import { type ReactNode, useId } from "react";
import type { PolicyEdit, Preview, PreviewedCategory } from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { touched } from "./draft.ts";
import { eventsLink, headlineOf } from "./headline.ts";
import { labelOf } from "./names.ts";
import { daysText, dayText } from "./periods.ts";

const text = messages.retention.preview;

interface PreviewCardProps {
  edit: PolicyEdit | null;
  preview: Preview | null;
  settings: Settings;
  reason: string;
  isSaving: boolean;
  failure: string | null;
  /** What was done last, while nothing is changed. */
  done: string | null;
  onReason: (reason: string) => void;
  onSave: () => void;
  onDiscard: () => void;
}

/** What the changes would do, in numbers, before the button works. */
export function PreviewCard(props: PreviewCardProps) {
  const { edit, preview, settings, reason, isSaving, failure, done } = props;
  const id = useId();
  const format = settings.date_format;
  if (edit === null) {
    return (
      <section className="panel" aria-label={text.title}>
        <header>
          <h2>{text.title}</h2>
        </header>
        <div className="in">
          {done && (
            <output className="saved">
              <Icon name="ok" />
              {done}
            </output>
          )}
          <p className="muted">{text.idle}</p>
        </div>
      </section>
    );
  }
  const faults = preview?.faults ?? [];
  const needsReason = preview?.needs_reason ?? false;
  const isReady =
    preview !== null && faults.length === 0 && (!needsReason || reason.trim() !== "") && !isSaving;
  return (
    <section
      id="retention-preview"
      className="panel"
      aria-label={text.title}
      aria-busy={preview === null}
      tabIndex={-1}
    >
      <header>
        <h2>{text.title}</h2>
        <span className="muted end">{text.changed(touched(edit))}</span>
      </header>
      {preview === null ? (
        <div className="in">
          <span className="bone key-bone" />
          <span className="muted">{text.working}</span>
        </div>
      ) : (
        <>
          <Headline preview={preview} settings={settings} />
          <div className="in">
            {faults.length > 0 && <Faults preview={preview} />}
            {preview.totals.due_now > 0 && (
              <p className="muted">{text.due(preview.totals.due_now)}</p>
            )}
            {preview.categories.map((one) => (
              <OneCategory
                key={`${one.category} ${one.effect} ${one.parts.join()}`}
                one={one}
                settings={settings}
              />
            ))}
            <Touching preview={preview} />
            {faults.length === 0 && (
              <p className="muted">
                {needsReason ? text.effect(dayText(preview.effective_day, format)) : text.atOnce}
                {preview.needs_approval && ` ${text.needsApproval}`}
              </p>
            )}
            <label className="lbl" htmlFor={`${id}-reason`}>
              <span>
                {text.reason}{" "}
                <small className="muted">{needsReason ? text.reasonHint : text.reasonFree}</small>
              </span>
              <textarea
                id={`${id}-reason`}
                className="input"
                rows={2}
                maxLength={500}
                required={needsReason}
                value={reason}
                onChange={(event) => props.onReason(event.target.value)}
              />
            </label>
            {failure && (
              <p className="wrong" role="alert">
                <Icon name="fail" />
                {failure}
              </p>
            )}
          </div>
        </>
      )}
      <div className="actions">
        <button type="button" className="btn main" disabled={!isReady} onClick={props.onSave}>
          {preview?.needs_approval ? text.ask : text.save}
        </button>
        {preview && preview.totals.events > 0 && (
          <Link className="btn" to={eventsLink(preview)}>
            {text.show}
          </Link>
        )}
        <button type="button" className="btn quiet" onClick={props.onDiscard}>
          {text.discard}
        </button>
      </div>
    </section>
  );
}

function Headline({ preview, settings }: { preview: Preview; settings: Settings }) {
  const { title, below } = headlineOf(preview, settings.date_format);
  return (
    <div className="warn" aria-live="polite">
      <p>{title}</p>
      {below && <span className="muted">{below}</span>}
    </div>
  );
}

function Faults({ preview }: { preview: Preview }) {
  return (
    <div role="alert">
      <p className="wrong">
        <Icon name="fail" />
        {text.faults}
      </p>
      <ul className="faults">
        {preview.faults.map((fault) => (
          <li key={`${fault.category} ${fault.path} ${fault.detail}`}>{fault.detail}</li>
        ))}
      </ul>
    </div>
  );
}

function OneCategory({ one, settings }: { one: PreviewedCategory; settings: Settings }) {
  const { zone, date_format: format } = settings;
  const moment = (at: string | null): string =>
    at === null ? messages.logs.nothing : momentText(Date.parse(at), zone, format);
  const pairs: [string, ReactNode][] = [
    [
      messages.retention.category,
      <OneLine key="name" text={labelOf({ ...one, name: one.category })} />,
    ],
  ];
  for (const part of one.parts) {
    if (!(part in one.after)) continue;
    pairs.push([
      text.partOf(messages.retention.parts[part]),
      <>
        {text.from(daysText(one.before[part]))}
        <b>{daysText(one.after[part])}</b>
      </>,
    ]);
  }
  if (one.effect === "off" || one.effect === "on") {
    pairs.push([
      text.recordingPart,
      <>
        {text.from(one.effect === "off" ? messages.retention.on : messages.retention.off)}
        <b>{one.effect === "off" ? messages.retention.off : messages.retention.on}</b>
      </>,
    ]);
  }
  pairs.push([text.there, messages.amounts.events(one.recorded.events)]);
  if (one.recorded.events > 0) {
    pairs.push([text.oldest, moment(one.recorded.oldest)]);
    pairs.push([text.newest, moment(one.recorded.newest)]);
    const { first_day, last_day } = one.go;
    if (one.effect !== "off" && one.effect !== "on") {
      pairs.push([
        text.goes,
        first_day === null
          ? text.never
          : text.goesFrom(
              dayText(first_day, format),
              last_day === null ? text.never : dayText(last_day, format),
            ),
      ]);
    }
  }
  pairs.push([text.toCome, text.perDay(one.new_events.per_day)]);
  if (one.new_events.first_gone_day && one.effect !== "off") {
    pairs.push([text.firstGone, dayText(one.new_events.first_gone_day, format)]);
  }
  if (one.held.events > 0) {
    const by = one.held.by.map(({ name, events }) => text.heldOne(name, events)).join(", ");
    pairs.push([text.held, <OneLine key="held" text={text.heldBy(one.held.events, by)} />]);
  }
  return (
    <dl className="pairs preview-pairs">
      {pairs.map(([name, value]) => (
        <div key={name} className="pair">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Touching({ preview }: { preview: Preview }) {
  const lines: [string, { id: string; name: string }[]][] = [
    [text.views, preview.views],
    [text.alerts, preview.alerts],
  ];
  return lines
    .filter(([, found]) => found.length > 0)
    .map(([name, found]) => (
      <p key={name}>
        <span className="muted">{name}: </span>
        <OneLine text={found.map((one) => one.name).join(", ")} />
      </p>
    ));
}
