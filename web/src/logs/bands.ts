import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { fetchGaps, type Gap } from "../api/gaps.ts";
import type { DateFormat } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";
import type { Span } from "../time/periods.ts";
import type { Scope } from "./scope.ts";

/** One hatched band of the timeline: gaps that cannot be told apart at this width are one. */
export interface Band extends Span {
  gaps: Gap[];
  /** One category was switched off, and all others were recorded: drawn as a strip. */
  isOff: boolean;
}

const NOTHING: readonly Band[] = [];
const LEAST_SHARE = 1 / 400;

/** The bands that touch a span; those of switched-off categories lie apart from the others. */
export function bandsOf(gaps: readonly Gap[], whole: Span): Band[] {
  const off = gaps.filter((gap) => gap.kind === "off");
  const rest = gaps.filter((gap) => gap.kind !== "off");
  return [...joined(rest, whole, false), ...joined(off, whole, true)];
}

/** Gaps closer than a few pixels are put together. */
function joined(gaps: readonly Gap[], whole: Span, isOff: boolean): Band[] {
  const near = (whole.to - whole.from) * LEAST_SHARE;
  const bands: Band[] = [];
  for (const gap of gaps) {
    const from = Math.max(whole.from, Date.parse(gap.from));
    const to = Math.min(whole.to, Date.parse(gap.to));
    if (to <= from) continue;
    const last = bands[bands.length - 1];
    if (last && from - last.to < near) {
      last.to = Math.max(last.to, to);
      last.gaps.push(gap);
    } else bands.push({ from, to, gaps: [gap], isOff });
  }
  return bands;
}

/** The category that was off, by the screen's name for it. */
const categoryName = ({ category }: Gap): string =>
  messages.retention.names[category ?? ""]?.label ?? category ?? "";

/** The word at a band. */
export function bandText({ gaps, isOff }: Band): string {
  const text = messages.list.timeline;
  if (isOff) return text.offShort([...new Set(gaps.map(categoryName))].join(", "));
  return gaps.some((gap) => gap.kind === "down") ? text.notRecordedShort : text.missingShort;
}

/** What a gap is, in words. */
export function gapText(gap: Gap, zone: string, format: DateFormat): string {
  const text = messages.list.timeline;
  const from = momentText(Date.parse(gap.from), zone, format);
  const to = momentText(Date.parse(gap.to), zone, format);
  if (gap.kind === "off") {
    return text.switchedOff(categoryName(gap), gap.skipped ?? 0, from, to);
  }
  if (gap.kind === "missing") {
    const source = [gap.source, gap.instance].filter(Boolean).join(" ");
    return text.missing(gap.missing ?? 0, source, from, to);
  }
  return gap.clean === false ? text.crashed(from, to) : text.stopped(from, to);
}

/** The bands of the period shown. */
export function useBands(scope: Scope, generation: number): readonly Band[] {
  const { whole } = scope;
  const { q: _, own: __, ...filters } = scope.wholeFilters;
  const { data } = useQuery({
    queryKey: ["gaps", filters, generation],
    queryFn: ({ signal }) => fetchGaps(filters, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  return useMemo(() => (data ? bandsOf(data.gaps, whole) : NOTHING), [data, whole]);
}
