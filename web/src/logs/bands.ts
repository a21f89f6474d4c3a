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
}

const NOTHING: readonly Band[] = [];
const LEAST_SHARE = 1 / 400;

/** The bands that touch a span; gaps closer than a few pixels are put together. */
export function bandsOf(gaps: readonly Gap[], whole: Span): Band[] {
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
    } else bands.push({ from, to, gaps: [gap] });
  }
  return bands;
}

/** What a gap is, in words. */
export function gapText(gap: Gap, zone: string, format: DateFormat): string {
  const text = messages.list.timeline;
  const from = momentText(Date.parse(gap.from), zone, format);
  const to = momentText(Date.parse(gap.to), zone, format);
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
