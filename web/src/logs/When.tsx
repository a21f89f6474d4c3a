import type { AuditEvent } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { agoText, lengthText, momentText, utcText } from "../time/format.ts";
import type { CellContext } from "./columns.tsx";

const SKEW_MS = 60_000;

/**
 * How much later (or, below zero, earlier) than it happened an event came in; 0 when as usual, as
 * it is for what was imported from elsewhere.
 */
export function skewOf(event: AuditEvent): number {
  if (!event.received_at || event.reported_by === "import") return 0;
  const apart = Date.parse(event.received_at) - Date.parse(event.occurred_at);
  return Math.abs(apart) > SKEW_MS ? apart : 0;
}

/** When it happened; a mark where it came in much later, or before it is said to have happened. */
export function When({ event, context }: { event: AuditEvent; context: CellContext }) {
  const { zone, format, relativeTo } = context;
  const text = messages.list;
  const at = Date.parse(event.occurred_at);
  const absolute = momentText(at, zone, format);
  const relative = agoText(at, relativeTo ?? Date.now());
  const skew = skewOf(event);
  const utc = utcText(event.occurred_at);
  const isApart = skew !== 0 && typeof event.received_at === "string";
  const both = isApart
    ? `${text.occurred}: ${absolute} (${utc})\n${text.received}: ${momentText(Date.parse(event.received_at ?? ""), zone, format)} (${utcText(event.received_at ?? "")})`
    : "";
  const apart = isApart ? lengthText(Math.abs(skew)) : "";
  const told = skew > 0 ? text.receivedLater(apart) : text.receivedEarlier(apart);
  return (
    <>
      <time
        className="cut"
        dateTime={event.occurred_at}
        title={isApart ? both : `${utc}, ${relativeTo === null ? relative : absolute}`}
      >
        {relativeTo === null ? absolute : relative}
      </time>
      {isApart && (
        <span
          className={skew > 0 ? "skew" : "skew early"}
          role="img"
          aria-label={told}
          title={`${told}\n${both}`}
        >
          <Icon name="wait" />
        </span>
      )}
    </>
  );
}
