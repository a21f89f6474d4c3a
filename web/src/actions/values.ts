import type { AuditEvent } from "../api/types.ts";
import { termOf } from "../query/build.ts";

/** What a cell's value is in a search. */
export interface CellValue {
  field: string;
  value: string;
}

/** Columns in the order of the seven, for rows that do not name theirs. */
const SEVEN = ["date", "email", "ip", "method", "endpoint", "status", "operation"];

export const columnOf = (cell: HTMLTableCellElement): string =>
  cell.dataset.column ?? SEVEN[cell.cellIndex] ?? "";

const actorOf = (event: AuditEvent): string | null | undefined =>
  event.actor?.email || event.actor?.name || event.actor?.id;

/** The value of a column as one condition of a search; null where there is nothing to filter by. */
export function cellValue(event: AuditEvent, column: string): CellValue | null {
  const pick = (field: string, value: string | number | null | undefined): CellValue | null =>
    value === null || value === undefined || value === "" ? null : { field, value: `${value}` };
  switch (column) {
    case "email":
      return pick("by", actorOf(event));
    case "ip":
      return pick("ip", event.origin?.ip) ?? pick("device", event.origin?.device_id);
    case "method":
    case "endpoint":
    case "operation":
    case "category":
    case "severity":
      return pick(column, event[column]);
    case "status":
      return pick("status", event.status ?? "none");
    case "outcome":
      return pick("outcome", event.outcome ?? "unknown");
    case "kind":
      return pick("kind", event.actor?.kind);
    case "target":
      return pick("target", event.targets?.[0]?.id ?? event.targets?.[0]?.name);
    case "changes":
      return pick("change", event.changes?.[0]?.path);
    case "request":
      return pick("request", event.context?.request_id);
    case "session":
      return pick("session", event.context?.session_id);
    case "source":
      return pick("source", event.context?.source);
    case "index":
      return pick("index", event.index);
    default:
      return null;
  }
}

/** What ties this event to others, as conditions. */
export function tiesOf(
  event: AuditEvent,
): Record<"actor" | "ip" | "request" | "session" | "job", string | null> {
  const term = (field: string, value: string | null | undefined) =>
    value ? termOf(field, value) : null;
  return {
    actor: term("by", actorOf(event)),
    ip: term("ip", event.origin?.ip),
    request: term("request", event.context?.request_id),
    session: term("session", event.context?.session_id),
    job: term("job", event.job?.root_id || event.job?.id),
  };
}
