import {
  type CalendarDate,
  endOfMonth,
  fromAbsolute,
  parseDate,
  startOfMonth,
  startOfWeek,
  toCalendarDate,
  toZoned,
} from "@internationalized/date";
import type { Period, WeekStart } from "../api/types.ts";

/** A stretch of time, half-open: `from` belongs to it, `to` does not. Milliseconds since the epoch. */
export interface Span {
  from: number;
  to: number;
}

const FIRST_DAY = { monday: "mon", sunday: "sun", saturday: "sat" } as const;

/** What the calendar calls our week start. */
export const firstDayOf = (weekStart: WeekStart) => FIRST_DAY[weekStart];

/** The date that it is in a zone at a moment. */
/** The date that it is in a zone at a moment. */
export const todayIn = (zone: string, now: number): CalendarDate =>
  toCalendarDate(fromAbsolute(now, zone));

/** The date in the address, or null when it is none. */
export function readDate(text: string | null): CalendarDate | null {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  try {
    return parseDate(text);
  } catch {
    return null;
  }
}

/** First day of the period that holds `date`. */
export function firstDay(period: Period, date: CalendarDate, weekStart: WeekStart): CalendarDate {
  if (period === "day") return date;
  if (period === "month") return startOfMonth(date);
  return startOfWeek(date, "en-GB", firstDayOf(weekStart));
}

/** Last day of the period that holds `date`. */
export function lastDay(period: Period, date: CalendarDate, weekStart: WeekStart): CalendarDate {
  if (period === "day") return date;
  if (period === "month") return endOfMonth(date);
  return firstDay("week", date, weekStart).add({ days: 6 });
}

/** The period's bounds. Days of 23 or 25 hours come out right: each midnight is asked of the zone. */
export function spanOf(
  period: Period,
  date: CalendarDate,
  zone: string,
  weekStart: WeekStart,
): Span {
  const first = firstDay(period, date, weekStart);
  const after = lastDay(period, date, weekStart).add({ days: 1 });
  return {
    from: toZoned(first, zone).toDate().getTime(),
    to: toZoned(after, zone).toDate().getTime(),
  };
}

/** The same period, `count` earlier (negative) or later. Months keep to a day that they have. */
export function stepped(period: Period, date: CalendarDate, count: number): CalendarDate {
  if (period === "day") return date.add({ days: count });
  if (period === "week") return date.add({ days: 7 * count });
  return date.add({ months: count });
}

/** Whether the period after this one has not begun in the zone. */
export function isLast(
  period: Period,
  date: CalendarDate,
  now: CalendarDate,
  weekStart: WeekStart,
): boolean {
  return lastDay(period, date, weekStart).compare(now) >= 0;
}
