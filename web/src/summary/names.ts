import { fromAbsolute } from "@internationalized/date";
import type { TimeRange } from "../api/types.ts";
import { periodName, type Scope } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { dateText, spanText } from "../time/format.ts";

const text = messages.summary;

/** What this period is called beside the other. */
export function thisName(scope: Scope): string {
  const { period } = scope.view;
  if (period === null || scope.narrowed) return text.thisRange;
  return scope.isLastPeriod ? text.current[period] : periodName(scope, true);
}

/** What the second period is called. */
export function otherName(scope: Scope, compare: string | null, other: TimeRange | null): string {
  const period = scope.narrowed ? null : scope.view.period;
  if (compare === "year") return period === null ? text.rangeYear : text.yearBefore[period];
  if (compare === null || compare === "previous") {
    if (period === null) return text.rangeBefore;
    return scope.isLastPeriod ? text.last[period] : text.before[period];
  }
  return other ? rangeText(scope, other) : text.choose;
}

/** A range as dates and hours; within a day with its date. */
export function rangeText(scope: Scope, range: TimeRange): string {
  const [from, to] = [Date.parse(range.from), Date.parse(range.to)];
  const { zone, settings } = scope;
  const text = spanText(from, to, zone, settings.date_format);
  const first = fromAbsolute(from, zone);
  const isOneDay = dateText(first, "iso") === dateText(fromAbsolute(to - 1, zone), "iso");
  return isOneDay ? `${dateText(first, settings.date_format)} ${text}` : text;
}

/** The date of a moment in the zone, for a date field. */
export const dateOf = (scope: Scope, iso: string): string =>
  dateText(fromAbsolute(Date.parse(iso), scope.zone), "iso");
