import { useMemo } from "react";
import type { Order, Period, Stream } from "../api/types.ts";
import { go, useAddress } from "../app/route.ts";

/** What the list shows. It lives in the address, under the API's names. */
export interface View {
  stream: Stream;
  /** Null means a free range: from and to alone. */
  period: Period | null;
  /** YYYY-MM-DD; null means today, whichever day that is. */
  date: string | null;
  /** The last minutes or hours, as "15m" or "4h", counted back from now; then period is null. */
  last: string | null;
  tz: string | null;
  from: string | null;
  to: string | null;
  q: string;
  order: Order;
  event: string | null;
  /** In the Tasks tab: every entry as a list, in the place of one row per run. */
  everyEntry: boolean;
  /** The list, or two periods side by side. */
  view: "list" | "summary";
  /** What the summary has a line for; null means operation. */
  by: string | null;
  /** The second period: null means the one before, "year", or "<from>/<to>". */
  compare: string | null;
  /** What the lines are ordered by, with "-" in front for ascending; null means count. */
  sort: string | null;
  /** Columns by name, apart by commas; null means those that the browser keeps. */
  cols: string | null;
}

export const STREAMS: readonly Stream[] = ["user", "system", "task"];
export const PERIODS: readonly Period[] = ["day", "week", "month"];

function oneOf<T extends string>(value: string | null, allowed: readonly T[]): T | null {
  return allowed.find((item) => item === value) ?? null;
}

function moment(value: string | null): string | null {
  return value !== null && !Number.isNaN(Date.parse(value)) ? value : null;
}

/** Milliseconds of "15m", "4h" or "2d"; null when it is nothing of the kind. */
export function lastMs(text: string | null): number | null {
  const [, count = "", unit = ""] = /^([1-9]\d{0,3})([mhd])$/.exec(text ?? "") ?? [];
  const size = { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  return size === undefined ? null : Number(count) * size;
}

export function readView(search: string): View {
  const given = new URLSearchParams(search);
  const from = moment(given.get("from"));
  const to = moment(given.get("to"));
  const isRange = from !== null && to !== null && Date.parse(from) < Date.parse(to);
  const date = given.get("date");
  const lastGiven = given.get("last");
  const period = oneOf(given.get("period"), PERIODS);
  const last = period === null && date === null && lastMs(lastGiven) ? lastGiven : null;
  return {
    stream: oneOf(given.get("stream"), STREAMS) ?? "user",
    period: period ?? ((isRange && date === null) || last ? null : "day"),
    last,
    date: date !== null && /^\d{4}-\d{2}-\d{2}$/.test(date) ? date : null,
    tz: given.get("tz"),
    from: isRange ? from : null,
    to: isRange ? to : null,
    q: given.get("q") ?? "",
    order: oneOf(given.get("order"), ["asc"] as const) ?? "desc",
    event: given.get("event"),
    everyEntry: given.get("rows") === "entries",
    view: given.get("view") === "summary" ? "summary" : "list",
    by: given.get("by"),
    compare: given.get("compare"),
    sort: given.get("sort"),
    cols: given.get("cols"),
  };
}

/** The address of a view; what is as at the start is left out. */
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  const isRange = view.from !== null && view.to !== null;
  if (view.stream !== "user") parameters.set("stream", view.stream);
  if (view.period !== null && (view.period !== "day" || (isRange && view.date === null)))
    parameters.set("period", view.period);
  if (view.last !== null && view.period === null) parameters.set("last", view.last);
  if (view.date !== null) parameters.set("date", view.date);
  if (view.tz) parameters.set("tz", view.tz);
  if (view.from !== null && view.to !== null) {
    parameters.set("from", view.from);
    parameters.set("to", view.to);
  }
  if (view.q) parameters.set("q", view.q);
  if (view.order !== "desc") parameters.set("order", view.order);
  if (view.everyEntry) parameters.set("rows", "entries");
  if (view.cols) parameters.set("cols", view.cols);
  if (view.event) parameters.set("event", view.event);
  if (view.view === "summary") {
    parameters.set("view", view.view);
    if (view.by) parameters.set("by", view.by);
    if (view.compare) parameters.set("compare", view.compare);
    if (view.sort) parameters.set("sort", view.sort);
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

export type Change = (
  change: Partial<View>,
  move?: { replace?: boolean; opened?: boolean },
) => void;

/** The view in the address, and the way to change it. */
export function useView(): [View, Change] {
  const { search } = useAddress();
  const change: Change = (part, move) => {
    // Read again: the address may have moved on since this was rendered.
    const next = { ...readView(location.search), ...part };
    // Another period takes the place of a relative one.
    const isOther = "period" in part || "date" in part;
    go(writeView(isOther && !part.last ? { ...next, last: null } : next), move);
  };
  return [readView(search), change];
}

/** The moment that a relative period is counted back from: now, each time the list is read anew. */
export function useAnchor(last: string | null, generation: number): number {
  // biome-ignore lint/correctness/useExhaustiveDependencies: these two are the triggers
  return useMemo(() => Date.now(), [last, generation]);
}
