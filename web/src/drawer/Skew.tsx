import type { AuditEvent } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { trail } from "../text/trail.ts";
import { lengthText } from "../time/length.ts";

const LATE_MS = 5 * 60_000;
const EARLY_MS = 2000;

/** How far receipt lies from the event, or null where that is as usual. */
export function skewOf(event: AuditEvent): { ms: number; isEarly: boolean } | null {
  if (!event.received_at) return null;
  const ms = Date.parse(event.received_at) - Date.parse(event.occurred_at);
  if (ms > LATE_MS) return { ms, isEarly: false };
  return ms < -EARLY_MS ? { ms, isEarly: true } : null;
}

/** A mark where an event came late, or from a clock that is ahead. */
export function Skew({ event }: { event: AuditEvent }) {
  const skew = skewOf(event);
  if (skew === null) return null;
  const length = lengthText(skew.ms);
  return (
    <p className="skew-note">
      <Icon name="wait" />
      {skew.isEarly ? trail.details.skewEarly(length) : trail.details.skewLate(length)}
    </p>
  );
}
