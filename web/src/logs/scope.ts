import type { CalendarDate } from "@internationalized/date";
import type { Parameters } from "../api/client.ts";
import type { Settings } from "../api/types.ts";
import { clockText, periodText, spanText } from "../time/format.ts";
import { isLast, readDate, type Span, spanOf, todayIn } from "../time/periods.ts";
import { isZone } from "../time/zones.ts";
import type { View } from "./view.ts";

/** A view made concrete: which zone, which day, from when to when, and what to ask the API for. */
export interface Scope {
  view: View;
  settings: Settings;
  zone: string;
  date: CalendarDate;
  today: CalendarDate;
  /** The whole period (or the free range): what the histogram and the tab counts cover. */
  whole: Span;
  /** The part of it that the list is narrowed to, if it is. */
  narrowed: Span | null;
  shown: Span;
  isLastPeriod: boolean;
  /** Filters of the whole period, for every stream. */
  wholeFilters: Parameters;
  /** Filters of the list and the export. */
  filters: Parameters;
}

export function scopeOf(view: View, settings: Settings, now: number): Scope {
  const zone = view.tz && isZone(view.tz) ? view.tz : settings.zone;
  const today = todayIn(zone, now);
  const date = readDate(view.date) ?? today;
  const given: Span | null =
    view.from !== null && view.to !== null
      ? { from: Date.parse(view.from), to: Date.parse(view.to) }
      : null;
  const isFree = view.period === null && given !== null;
  const whole =
    isFree && given ? given : spanOf(view.period ?? "day", date, zone, settings.week_start);
  const narrowed = isFree ? null : given;
  const own = settings.show_own ? "show" : "hide";
  const common = { tz: zone, q: view.q.trim(), own };
  const period: Parameters = isFree
    ? { from: view.from, to: view.to }
    : { period: view.period ?? "day", date: date.toString() };
  const times: Parameters = narrowed ? { from: view.from, to: view.to } : period;
  return {
    view,
    settings,
    zone,
    date,
    today,
    whole,
    narrowed,
    shown: narrowed ?? whole,
    isLastPeriod: isFree
      ? whole.to > now
      : isLast(view.period ?? "day", date, today, settings.week_start),
    wholeFilters: { ...period, ...common },
    filters: { stream: view.stream, ...times, ...common, order: view.order },
  };
}

/** Name of the period as the date button shows it. */
export function periodName(scope: Scope, short = false): string {
  const { view, date, settings, whole, zone } = scope;
  if (view.period === null) return spanText(whole.from, whole.to, zone, settings.date_format);
  return periodText(view.period, date, settings.date_format, settings.week_start, short);
}

/** The time that the list covers, in words: "Friday 20/11/2026, 13:15 to 14:45". */
export function shownName(scope: Scope): string {
  const { view, narrowed, shown, zone, settings } = scope;
  const name = periodName(scope);
  if (!narrowed) {
    if (view.period !== "day") return name;
    return `${name}, ${clockText(shown.from, zone)} to ${clockText(shown.to, zone, true)}`;
  }
  const part = spanText(narrowed.from, narrowed.to, zone, settings.date_format);
  return view.period === "day" ? `${name}, ${part}` : part;
}

/** Whether events of this very moment belong to the list, so that new ones may come. */
export function showsNow(scope: Scope, now: number): boolean {
  return scope.shown.from <= now && now < scope.shown.to;
}
