import type { Days } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { dateText } from "../time/format.ts";

/** Periods offered in every menu of days; others are typed. */
export const OFFERED: readonly number[] = [30, 90, 180, 365, 730, 1095, 1825, 2190, 2555, 3650];
export const MOST_DAYS = 36_500;
const YEAR = 365;

/** "90 days", "2 years", "for ever". */
export function daysText(days: Days | undefined): string {
  const text = messages.retention.days;
  if (days === undefined) return messages.logs.nothing;
  if (days === null) return text.forEver;
  return days >= YEAR && days % YEAR === 0 ? text.years(days / YEAR) : text.days(days);
}

/** A calendar day as digits, in the tenant's format. */
export function dayText(day: string, format: DateFormat): string {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  return dateText({ year, month, day: date }, format);
}

/** What was typed as days: a whole number within reason, or null. */
export function readDays(typed: string): number | null {
  const days = Number(typed.trim());
  return Number.isInteger(days) && days >= 1 && days <= MOST_DAYS ? days : null;
}
