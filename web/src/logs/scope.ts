import type { CalendarDate } from "@internationalized/date";
import type { Parameters } from "../api/client.ts";
import type { Settings } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { clockText, isoText, periodText, spanText } from "../time/format.ts";
import { isLast, readDate, type Span, spanOf, todayIn } from "../time/periods.ts";
import { isZone } from "../time/zones.ts";
import { lastMs, PERIODS, type View, writeView } from "./view.ts";

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
  /** Whether the period is counted back from now, and open towards it. */
  isRecent: boolean;
  isLastPeriod: boolean;
  /** Filters of the whole period, for every stream. */
  wholeFilters: Parameters;
  /** Filters of the list and the export. */
  filters: Parameters;
}

/**
 * `anchor` is the moment that a relative period is counted back from: it stays until the list is
 * read anew, so that rows do not leave under the reader.
 */
export function scopeOf(view: View, settings: Settings, now: number, anchor = now): Scope {
  const zone = view.tz && isZone(view.tz) ? view.tz : settings.zone;
  const today = todayIn(zone, now);
  const given: Span | null =
    view.from !== null && view.to !== null
      ? { from: Date.parse(view.from), to: Date.parse(view.to) }
      : null;
  const back = view.period === null ? lastMs(view.last) : null;
  // Whole minutes: reading again within one is the same search.
  const minute = Math.floor(anchor / 60_000) * 60_000;
  const recent: Span | null = back === null ? null : { from: minute - back, to: anchor + 1 };
  const isFree = view.period === null && given !== null && recent === null;
  const start = recent ?? (isFree ? given : null);
  const date = readDate(view.date) ?? (start ? todayIn(zone, start.from) : today);
  const whole = start ?? spanOf(view.period ?? "day", date, zone, settings.week_start);
  const narrowed = isFree ? null : given;
  const own = settings.show_own || asksForOwn(view.q) ? "show" : "hide";
  const common = { tz: zone, q: view.q.trim(), own };
  const period: Parameters = recent
    ? { from: isoText(recent.from) }
    : isFree
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
    isRecent: recent !== null,
    isLastPeriod: recent
      ? true
      : isFree
        ? whole.to > now
        : isLast(view.period ?? "day", date, today, settings.week_start),
    wholeFilters: { ...period, ...common },
    filters: { stream: view.stream, ...times, ...common, order: view.order },
  };
}

/** Name of the period as the date button shows it. */
export function periodName(scope: Scope, short = false): string {
  const { view, date, settings, whole, zone } = scope;
  if (scope.isRecent) return messages.list.period.last(view.last ?? "");
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
  if (scope.isRecent && !scope.narrowed) return true;
  return scope.shown.from <= now && now < scope.shown.to;
}

/** The smallest day, week or month that holds the free or relative range. */
export function widerView(scope: Scope): Partial<View> {
  const { whole, zone, settings, date } = scope;
  const holds = PERIODS.find((period) => {
    const span = spanOf(period, date, zone, settings.week_start);
    return span.from <= whole.from && whole.to <= span.to + 1;
  });
  return { period: holds ?? "month", date: date.toString(), from: null, to: null, last: null };
}

/** Whether a search names Indelible's own events: then they are shown whatever the settings say. */
export const asksForOwn = (q: string): boolean =>
  /(^|[\s(])(category:audit|source:indelible)(?![\w.*-])/i.test(q);

/** The address of exactly what is shown now, for others and for later: nothing in it is relative. */
export function pinnedAddress(scope: Scope, cols: string | null): string {
  const { view, whole, zone, narrowed, isRecent } = scope;
  const range = narrowed ?? (isRecent ? whole : null);
  const pinned: View = {
    ...view,
    tz: zone,
    cols,
    last: null,
    date: view.period === null ? null : scope.date.toString(),
    from: range ? isoText(range.from) : view.from,
    to: range ? isoText(range.to) : view.to,
  };
  return new URL(writeView(pinned) || ".", new URL(".", document.baseURI)).href;
}
