import { type CalendarDate, fromAbsolute } from "@internationalized/date";
import type { DateFormat, Period, WeekStart } from "../api/types.ts";
import { locale } from "../text/language.ts";
import { messages } from "../text/messages.ts";
import { firstDay, lastDay } from "./periods.ts";

const two = (value: number): string => `${value}`.padStart(2, "0");

/** A day as digits, in the format of the settings. */
export function dateText(
  date: { year: number; month: number; day: number },
  format: DateFormat,
): string {
  const year = `${date.year}`.padStart(4, "0");
  if (format === "iso") return `${year}-${two(date.month)}-${two(date.day)}`;
  if (format === "mdy") return `${two(date.month)}/${two(date.day)}/${year}`;
  return `${two(date.day)}/${two(date.month)}/${year}`;
}

const QUARTER_MS = 900_000;
/** Since then every zone has changed its clocks at full quarters of an hour only. */
const EVEN_SINCE = Date.UTC(1980, 0, 1);
const MOST_KEPT = 4000;
const offsets = new Map<string, number>();

/** What a clock in the zone shows. A list asks for it a hundred times a frame; asking costs 0.1 ms. */
function clockOf(at: number, zone: string) {
  if (at < EVEN_SINCE) return fromAbsolute(at, zone);
  const key = `${zone} ${Math.floor(at / QUARTER_MS)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = fromAbsolute(at, zone).offset;
    if (offsets.size >= MOST_KEPT) offsets.clear();
    offsets.set(key, offset);
  }
  const clock = new Date(at + offset);
  return {
    year: clock.getUTCFullYear(),
    month: clock.getUTCMonth() + 1,
    day: clock.getUTCDate(),
    hour: clock.getUTCHours(),
    minute: clock.getUTCMinutes(),
    second: clock.getUTCSeconds(),
  };
}

/** Date and time to the second: DD/MM/YYYY HH:MM:SS by default. */
export function momentText(at: number, zone: string, format: DateFormat): string {
  const local = clockOf(at, zone);
  return `${dateText(local, format)} ${timeText(local)}`;
}

export function timeText(local: { hour: number; minute: number; second: number }): string {
  return `${two(local.hour)}:${two(local.minute)}:${two(local.second)}`;
}

/** Hours and minutes in a zone; the end of a period reads 24:00. */
export function clockText(at: number, zone: string, isEnd = false): string {
  const local = fromAbsolute(at, zone);
  if (isEnd && local.hour === 0 && local.minute === 0) return "24:00";
  return `${two(local.hour)}:${two(local.minute)}`;
}

/** RFC 3339 in UTC, as the address holds it; without a fraction that says nothing. */
export const isoText = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

/** UTC to the last digit that the event has: 13:44:51.123 UTC. */
export function utcText(iso: string): string {
  const [, time = ""] = iso.split("T");
  const digits = time.replace(/Z$|[+-]\d\d:?\d\d$/, "").replace(/(\.\d*?)0+$/, "$1");
  return `${digits.replace(/\.$/, "")} UTC`;
}

const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
const shortWeekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });

/** The name of a period: "Friday 20/11/2026", "16/11/2026 – 22/11/2026", "November 2026". */
export function periodText(
  period: Period,
  date: CalendarDate,
  format: DateFormat,
  weekStart: WeekStart,
  short = false,
): string {
  if (period === "day") {
    const name = (short ? shortWeekday : weekday).format(date.toDate("UTC"));
    return `${name} ${dateText(date, format)}`;
  }
  if (period === "month") return `${monthName.format(date.toDate("UTC"))} ${date.year}`;
  const first = firstDay("week", date, weekStart);
  const last = lastDay("week", date, weekStart);
  return `${dateText(first, format)} – ${dateText(last, format)}`;
}

/** A stretch inside a day as hours, a longer one as dates and hours. */
export function spanText(from: number, to: number, zone: string, format: DateFormat): string {
  const first = fromAbsolute(from, zone);
  const last = fromAbsolute(to - 1, zone);
  if (dateText(first, "iso") === dateText(last, "iso")) {
    return messages.times.span(clockText(from, zone), clockText(to, zone, true));
  }
  const startsAtMidnight = clockText(from, zone) === "00:00";
  if (startsAtMidnight && clockText(to, zone, true) === "24:00") {
    return messages.times.span(dateText(first, format), dateText(last, format));
  }
  const end = fromAbsolute(to, zone);
  return messages.times.span(
    `${dateText(first, format)} ${clockText(from, zone)}`,
    `${dateText(end, format)} ${clockText(to, zone)}`,
  );
}

/** "14 s", "3 min", "2 h", "5 days" */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const { times } = messages;
  if (seconds < 60) return times.seconds(seconds);
  if (seconds < 3600) return times.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return times.hours(Math.floor(seconds / 3600));
  return times.days(Math.floor(seconds / 86_400));
}

/** "14 s ago", "3 min ago", "in 2 h". */
export function agoText(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  const amount = lengthText(Math.abs(seconds) * 1000);
  return seconds < 0 ? messages.times.ahead(amount) : messages.times.ago(amount);
}
