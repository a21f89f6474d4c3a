import { fromAbsolute, toCalendarDate, toZoned } from "@internationalized/date";
import type { DateFormat, Outcome, Period, StatsGroup } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { clockText, dateText } from "../time/format.ts";
import type { Span } from "../time/periods.ts";

export const OUTCOMES: readonly Outcome[] = ["success", "denied", "failure", "unknown"];

export interface Bar extends Span {
  count: number;
  byOutcome: Record<Outcome, number>;
}

/** How many bars suit a period: of a day a quarter of an hour each, also when it has 25 hours. */
export const wantedBars = (period: Period | null): number =>
  period === "week" ? 84 : period === "month" ? 62 : 100;

/** Sparse groups of the service as bars; each ends where the next may begin, or at the period's end. */
export function barsOf(groups: readonly StatsGroup[], intervalS: number, whole: Span): Bar[] {
  return groups
    .map((group): Bar => {
      const from = Date.parse(group.key);
      const by = group.by_outcome ?? {};
      return {
        from: Math.max(from, whole.from),
        to: Math.min(from + intervalS * 1000, whole.to),
        count: group.count,
        byOutcome: {
          success: by.success ?? 0,
          denied: by.denied ?? 0,
          failure: by.failure ?? 0,
          unknown: by.unknown ?? 0,
        },
      };
    })
    .filter((bar) => bar.to > bar.from)
    .sort((one, other) => one.from - other.from);
}

/** The slot of one interval that holds a moment; slots count from the period's beginning. */
export function slotAt(at: number, intervalS: number, whole: Span): Span {
  const size = intervalS * 1000;
  const from = whole.from + Math.floor((at - whole.from) / size) * size;
  return { from: Math.max(from, whole.from), to: Math.min(from + size, whole.to) };
}

export function slotCount(intervalS: number, whole: Span): number {
  return Math.max(1, Math.ceil((whole.to - whole.from) / (intervalS * 1000)));
}

export function totalsOf(bars: readonly Bar[]): Record<Outcome, number> {
  const totals = { success: 0, denied: 0, failure: 0, unknown: 0 };
  for (const bar of bars) for (const name of OUTCOMES) totals[name] += bar.byOutcome[name];
  return totals;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** One SVG path per outcome, stacked, in a box of `width` × `height`. */
export function pathsOf(
  bars: readonly Bar[],
  intervalS: number,
  whole: Span,
  width: number,
  height: number,
): Record<Outcome, string> {
  const paths = { success: "", denied: "", failure: "", unknown: "" };
  const highest = Math.max(1, ...bars.map((bar) => bar.count));
  const perMs = width / (whole.to - whole.from);
  const slot = intervalS * 1000 * perMs;
  const gap = Math.min(2, slot / 4);
  for (const bar of bars) {
    const x = round((bar.from - whole.from) * perMs + gap / 2);
    const wide = round(Math.max(1, (bar.to - bar.from) * perMs - gap));
    let y = height;
    for (const name of OUTCOMES) {
      const value = bar.byOutcome[name];
      if (value === 0) continue;
      // A single event must be seen beside thousands: never lower than 2 px of the usual 60.
      const tall = Math.max(2, (value / highest) * (height - 4));
      y = Math.max(0, y - tall);
      paths[name] += `M${x} ${round(y)}h${wide}v${round(tall)}h-${wide}z`;
    }
  }
  return paths;
}

export interface AxisMark {
  /** Share of the width, 0 to 1. */
  at: number;
  text: string;
}

/** Labels under the bars: hours of a day, days of a week or month, and something fair for the rest. */
export function axisOf(
  period: Period | null,
  whole: Span,
  zone: string,
  format: DateFormat,
  narrow: boolean,
): AxisMark[] {
  const length = whole.to - whole.from;
  const share = (at: number): number => (at - whole.from) / length;
  const marks: AxisMark[] = [];
  const first = fromAbsolute(whole.from, zone);
  const days = Math.round(length / 86_400_000);
  if (period === "day" || days <= 1) {
    const step = period === "day" ? (narrow ? 6 : 3) : 0;
    if (step === 0) {
      for (let part = 0; part <= 4; part++) {
        const at = whole.from + (length * part) / 4;
        marks.push({ at: part / 4, text: clockText(at, zone, part === 4) });
      }
      return marks;
    }
    const date = toCalendarDate(first);
    for (let hour = 0; hour < 24; hour += step) {
      const at = toZoned(date, zone).set({ hour }).toDate().getTime();
      marks.push({ at: share(at), text: `${hour}`.padStart(2, "0").concat(":00") });
    }
    marks.push({ at: 1, text: "24:00" });
    return marks;
  }
  const every = Math.max(1, Math.ceil(days / (narrow ? 4 : 11)));
  for (let day = 0; day < days; day += every) {
    const date = toCalendarDate(first).add({ days: day });
    const at = toZoned(date, zone).toDate().getTime();
    const digits = dateText(date, format);
    const text = period === null ? digits : format === "iso" ? digits.slice(5) : digits.slice(0, 5);
    if (at >= whole.from) marks.push({ at: share(at), text });
  }
  return marks;
}

/** "15 minutes", "2 hours", "day" */
export function stepText(intervalS: number): string {
  const units = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ] as const;
  for (const [size, name] of units) {
    if (intervalS >= size && intervalS % size === 0)
      return messages.times.step[name](intervalS / size);
  }
  return messages.times.step.second(intervalS);
}
