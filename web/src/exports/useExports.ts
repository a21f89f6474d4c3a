import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { EXPORTS, type Export, fetchExports, isOpen, OWN_EXPORTS } from "../api/exports.ts";
import { useStored } from "../controls/stored.ts";

const WHILE_RUNNING_MS = 1500;
const OTHERWISE_MS = 20_000;
const SEEN = "exports-seen";

/** The exports of the page, read anew while one of them runs. */
export function useExports() {
  return useQuery({
    queryKey: [...EXPORTS, "list"],
    queryFn: ({ signal }) => fetchExports({}, signal),
    staleTime: 0,
    refetchInterval: (query) =>
      query.state.data?.exports.some(isOpen) ? WHILE_RUNNING_MS : OTHERWISE_MS,
    refetchIntervalInBackground: false,
  });
}

/** Background exports that this person asked for: few, for the menu and the notice. */
function useOwn() {
  const { data } = useQuery({
    queryKey: OWN_EXPORTS,
    queryFn: ({ signal }) => fetchExports({ mine: "yes", way: "background", limit: 20 }, signal),
    staleTime: 0,
    // Nothing runs unless this page, or another of this person, begins it.
    refetchInterval: (query) => (query.state.data?.exports.some(isOpen) ? WHILE_RUNNING_MS : false),
    retry: false,
  });
  return data?.exports ?? null;
}

const hasEnded = (one: Export): boolean => one.state === "done" || one.state === "failed";

export interface OwnExports {
  /** How far the running ones are together, from 0 to 1; null when none runs. */
  running: number | null;
  /** Ended since the person last looked at the page of exports. */
  unseen: number;
  /** One that has ended while this page was open, until it is put away. */
  ended: Export | null;
  putAway: () => void;
}

/** What the page of exports shows is seen: the shell tells of it no more. */
export function useSeeing(exports: Export[] | null): void {
  const [seen, setSeen] = useStored(SEEN);
  const newest = (exports ?? []).reduce(
    (at, one) => (one.is_yours && after(one, at) ? (one.ended_at ?? "") : at),
    seen ?? "",
  );
  useEffect(() => {
    if (newest !== (seen ?? "")) setSeen(newest);
  }, [newest, seen, setSeen]);
}

/** What the shell tells of the person's own exports. */
export function useOwnExports(page: string): OwnExports {
  const exports = useOwn();
  const [seen] = useStored(SEEN);
  const wereOpen = useRef<Set<string>>(new Set());
  const [ended, setEnded] = useState<Export | null>(null);
  const isSeeing = page === "exports";

  useEffect(() => {
    if (!exports) return;
    const over = exports.find((one) => hasEnded(one) && wereOpen.current.has(one.id));
    wereOpen.current = new Set(exports.filter(isOpen).map((one) => one.id));
    if (over) setEnded(over);
  }, [exports]);

  useEffect(() => {
    if (isSeeing) setEnded(null);
  }, [isSeeing]);

  const open = (exports ?? []).filter(isOpen);
  const total = open.reduce((sum, one) => sum + one.total, 0);
  const rows = open.reduce((sum, one) => sum + one.rows, 0);
  return {
    running: open.length === 0 ? null : total === 0 ? 0 : Math.min(1, rows / total),
    unseen: isSeeing ? 0 : (exports ?? []).filter((one) => after(one, seen ?? "")).length,
    ended: isSeeing ? null : ended,
    putAway: () => setEnded(null),
  };
}

const after = (one: Export, at: string): boolean =>
  hasEnded(one) && one.ended_at !== null && one.ended_at > at;
