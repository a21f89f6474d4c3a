import type { AuditEvent, DateFormat } from "../api/types.ts";
import { EraseParts } from "../erasures/EraseParts.tsx";
import { Icon } from "../icons/Icon.tsx";
import { OUTCOME_LOOKS, statusText } from "../logs/cells.tsx";
import { ProfileLinks } from "../profile/ProfileLinks.tsx";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { agoText, momentText, utcText } from "../time/format.ts";
import { Changes } from "./Changes.tsx";
import type { Part } from "./DrawerTabs.tsx";
import { Fields } from "./Fields.tsx";
import { allFields, mainFields } from "./fields.ts";
import { Integrity } from "./Integrity.tsx";
import { Kept } from "./Kept.tsx";
import { RawJson } from "./RawJson.tsx";
import { Related, RelatedLinks } from "./Related.tsx";
import { Sentence } from "./Sentence.tsx";
import { Skew } from "./Skew.tsx";

const text = messages.drawer;

/** Shape, status and word of what came of it, and where the entry stands. */
export function Outcome({ event }: { event: AuditEvent }) {
  const outcome = event.outcome ?? "unknown";
  const { look, icon } = OUTCOME_LOOKS[outcome] ?? OUTCOME_LOOKS.unknown;
  return (
    <>
      <span className={`st ${look}`}>
        <Icon name={icon} />
        {statusText(event)} {messages.logs.outcomes[outcome]}
      </span>
      <span className="muted cut">{text.entry(event.index)}</span>
    </>
  );
}

export interface EventSheetProps {
  event: AuditEvent;
  part: Part;
  zone: string;
  format: DateFormat;
  tenant: string;
  linkOf: (event: AuditEvent) => string;
  onPart: (part: Part) => void;
}

/** One part of an event, in the drawer or on a page of its own. */
export function EventSheet(props: EventSheetProps) {
  const { event, part, zone, format, tenant, linkOf } = props;
  if (part === "raw") return <RawJson event={event} />;
  if (part === "integrity") return <Integrity event={event} />;
  if (part === "related") {
    return <Related event={event} zone={zone} format={format} tenant={tenant} linkOf={linkOf} />;
  }
  if (part === "changes" || part === "request") {
    return (
      <section className="block">
        <h2>{text.tabs[part]}</h2>
        {part === "changes" ? (
          <Changes event={event} />
        ) : (
          <>
            <Skew event={event} />
            <Fields fields={allFields(event, zone, format)} />
          </>
        )}
      </section>
    );
  }
  return <Overview {...props} />;
}

function Overview({ event, zone, format, tenant, onPart }: EventSheetProps) {
  const at = Date.parse(event.occurred_at);
  const hasChanges = (event.changes?.length ?? 0) > 0;
  return (
    <>
      <Sentence event={event} tenant={tenant} />
      <p className="sub">
        <span>
          {momentText(at, zone, format)} {zone}
        </span>
        {zone !== "UTC" && <span>{utcText(event.occurred_at)}</span>}
        <span>{agoText(at, Date.now())}</span>
        {event.late && <span className="tag">{text.late}</span>}
      </p>
      <Skew event={event} />
      {hasChanges && (
        <section className="block">
          <h2>{text.tabs.changes}</h2>
          <Changes event={event} />
        </section>
      )}
      <section className="block">
        <h2>{text.tabs.request}</h2>
        <Fields two fields={mainFields(event, zone, format, tenant)} />
      </section>
      <Kept event={event} format={format} />
      <Integrity event={event} brief />
      <EraseParts event={event} />
      <section className="block">
        <h2>
          {trail.related.title}
          <button type="button" className="linkish" onClick={() => onPart("related")}>
            {trail.why.title}
          </button>
        </h2>
        <RelatedLinks event={event} tenant={tenant} />
        <ProfileLinks event={event} />
      </section>
    </>
  );
}
