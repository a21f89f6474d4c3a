import type { Preview } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { dayText } from "./periods.ts";

const text = messages.retention.preview;

/**
 * The one sentence of a preview, and one below it. Of several effects the hardest is told: what
 * will not be recorded, then what expires sooner, then what is kept longer.
 */
export function headlineOf(
  preview: Preview,
  format: DateFormat,
): { title: string; below: string | null } {
  const day = (value: string): string => dayText(value, format);
  const of = (effect: string) => preview.categories.filter((one) => one.effect === effect);
  const rate = (found: typeof preview.categories): number =>
    found.reduce((sum, one) => sum + one.new_events.per_day, 0);
  const count = (found: typeof preview.categories): number =>
    found.reduce((sum, one) => sum + one.recorded.events, 0);
  const off = of("off");
  if (off.length > 0) {
    return { title: text.off(rate(off), day(preview.effective_day)), below: text.offStay };
  }
  const shorter = of("shorter");
  if (shorter.length > 0) {
    const first = earliest(shorter.map((one) => one.new_events.first_gone_day));
    return {
      title: first ? text.shorter(rate(shorter), day(first)) : text.shorterNever,
      below: text.shorterStay(count(shorter)),
    };
  }
  const longer = of("longer");
  if (longer.length > 0) {
    const first = earliest(longer.map((one) => one.go.first_day));
    return {
      title: text.longer(count(longer)),
      below: first ? text.longerUntil(day(first)) : text.longerForEver,
    };
  }
  if (of("on").length > 0) {
    return { title: text.on, below: text.onFrom(day(preview.effective_day)) };
  }
  const isFloor = preview.changes.some((change) => change.path === "floor");
  return isFloor
    ? { title: text.floor, below: text.floorText }
    : { title: text.nothing, below: null };
}

const earliest = (days: (string | null)[]): string | null =>
  days.filter((one): one is string => one !== null).sort()[0] ?? null;

/** The list with the events that a preview speaks of. */
export function eventsLink(preview: Preview): string {
  const names = [...new Set(preview.categories.map((one) => one.category))];
  const q = names.map((name) => `category:${name}`).join(" OR ");
  const parameters = new URLSearchParams({ q });
  const { oldest, newest } = preview.totals;
  if (oldest && newest) {
    parameters.set("from", oldest);
    // The end of a range does not belong to it.
    parameters.set("to", new Date(Date.parse(newest) + 1000).toISOString());
  }
  return `?${parameters}`;
}
