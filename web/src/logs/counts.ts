import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchStats } from "../api/log.ts";
import type { Stats, Stream } from "../api/types.ts";
import { useStatus } from "../shell/Seal.tsx";
import { type Scope, showsNow } from "./scope.ts";

export type StreamCounts = Partial<Record<Stream, number>>;

function byStream(stats: Stats | undefined): StreamCounts | null {
  if (!stats?.groups) return null;
  const counts: StreamCounts = { user: 0, system: 0, task: 0 };
  for (const group of stats.groups) counts[group.key as Stream] = group.count;
  return counts;
}

/** How many events each tab has in the period, and through which entry that was counted. */
export function useStreamCounts(scope: Scope, generation: number) {
  const query = useQuery({
    queryKey: ["stats", "stream", scope.wholeFilters, generation],
    queryFn: ({ signal }) => fetchStats({ ...scope.wholeFilters, group: "stream" }, signal),
    placeholderData: keepPreviousData,
  });
  return { counts: byStream(query.data), through: query.data?.indexed_through ?? null, query };
}

/** Number of events of the list, when it is narrowed to a part of the period. */
export function useNarrowedCount(scope: Scope, generation: number): number | null {
  const { stream: _, order: __, ...filters } = scope.filters;
  const query = useQuery({
    queryKey: ["stats", "narrowed", filters, generation],
    queryFn: ({ signal }) => fetchStats({ ...filters, group: "stream" }, signal),
    enabled: scope.narrowed !== null,
  });
  return byStream(query.data)?.[scope.view.stream] ?? null;
}

/**
 * How many events have come since the list was read. Asks only when the index has moved on while
 * this very moment is shown; the rows stay where they are until the person wants the new ones.
 */
export function useNewEvents(
  scope: Scope,
  counted: { counts: StreamCounts | null; through: number | null },
  now: number,
): number {
  const { data: status } = useStatus();
  const through = status?.index.indexed_through ?? null;
  const isAhead = through !== null && counted.through !== null && through > counted.through;
  const wanted = isAhead && showsNow(scope, now) && scope.view.order === "desc";
  const { data } = useQuery({
    queryKey: ["stats", "fresh", scope.wholeFilters, through],
    queryFn: ({ signal }) => fetchStats({ ...scope.wholeFilters, group: "stream" }, signal),
    enabled: wanted,
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  const fresh = byStream(data)?.[scope.view.stream];
  const before = counted.counts?.[scope.view.stream];
  if (!wanted || fresh === undefined || before === undefined) return 0;
  return Math.max(0, fresh - before);
}
