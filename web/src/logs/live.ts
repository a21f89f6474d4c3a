import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { address, type Parameters } from "../api/client.ts";
import type { AuditEvent } from "../api/types.ts";
import type { PageOf } from "./rows.ts";
import { type Scope, showsNow } from "./scope.ts";

/** Events that wait to be shown; beyond that the list is read anew instead. */
export const MOST_WAITING = 1000;
/** Rows put on top of the list since it was read; beyond that it is read anew. */
const MOST_ADDED = 2000;
const RATE_MS = 10_000;
const AGAIN_MS = 2000;
const LATEST_AGAIN_MS = 30_000;
const COUNTS_EVERY_MS = 5000;

export type LiveState = "off" | "connecting" | "live" | "paused" | "away";

export interface Live {
  state: LiveState;
  /** Whether it makes sense here: this very moment is shown, newest first. */
  isPossible: boolean;
  /** New events that are not in the list yet; more than `MOST_WAITING` are told as such. */
  waiting: number;
  /** Events a second, over the last ten. */
  rate: number;
  toggle: () => void;
  pause: () => void;
  resume: () => void;
  /** Puts what waits into the list. */
  show: () => void;
}

interface Message {
  events: AuditEvent[];
  skipped: number;
  through: number;
}

const atOf = (event: AuditEvent): number => Date.parse(event.occurred_at);
const isNewer = (one: AuditEvent, other: AuditEvent): boolean =>
  atOf(one) > atOf(other) || (atOf(one) === atOf(other) && one.index > other.index);

/**
 * The first page with new events at their places, newest first. What is older than the page's last
 * row belongs further down, where it is read when one gets there.
 */
export function merged(page: readonly AuditEvent[], fresh: readonly AuditEvent[]): AuditEvent[] {
  const known = new Set(page.map((event) => event.id));
  const last = page[page.length - 1];
  const added = fresh
    .filter((event) => !known.has(event.id) && (!last || isNewer(event, last)))
    .sort((one, other) => (isNewer(one, other) ? -1 : 1));
  const result: AuditEvent[] = [];
  let at = 0;
  for (const event of added) {
    while (at < page.length && isNewer(page[at] as AuditEvent, event)) {
      result.push(page[at] as AuditEvent);
      at += 1;
    }
    result.push(event);
  }
  return [...result, ...page.slice(at)];
}

interface LiveInput {
  scope: Scope;
  now: number;
  generation: number;
  /** Through which entry the list was read: live reading goes on from there. */
  through: number | null;
  scroller: RefObject<HTMLDivElement | null>;
  /** Something is being read: an open event. New rows wait. */
  isReading: boolean;
  /** Reads the list anew. */
  reload: () => void;
}

/** Follows the list's search by server-sent events. New rows never move what is being read. */
export function useLive(input: LiveInput): Live {
  const { scope, now, generation, through, scroller, isReading, reload } = input;
  const client = useQueryClient();
  const [isOn, setOn] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [connection, setConnection] = useState<"connecting" | "live" | "away">("connecting");
  const [waiting, setWaiting] = useState(0);
  const [rate, setRate] = useState(0);
  // Owned by the stream below: what has come and is not shown, and when how much came.
  const buffer = useRef<AuditEvent[]>([]);
  const dropped = useRef(0);
  const added = useRef(0);
  const arrivals = useRef<{ at: number; count: number }[]>([]);
  const cursor = useRef<number | null>(null);

  const isPossible = showsNow(scope, now) && scope.view.order === "desc";
  const filterKey = JSON.stringify(scope.filters);
  const isFollowing = isOn && isPossible && through !== null;
  const listKey = useMemo(
    () => ["events", JSON.parse(filterKey) as Parameters, generation],
    [filterKey, generation],
  );

  const forget = useCallback(() => {
    buffer.current = [];
    dropped.current = 0;
    added.current = 0;
    setWaiting(0);
  }, []);
  // Another list, or the same read anew: what waited is in it. The stream's own place stays.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is the trigger
  useEffect(forget, [listKey, forget]);

  // So is what came while the list was being read.
  useEffect(() => {
    if (through !== null && cursor.current !== null && cursor.current <= through) forget();
  }, [through, forget]);

  const show = useCallback(() => {
    const head = client.getQueryData<InfiniteData<PageOf>>(listKey)?.pages[0];
    // The list itself is on its way: what waits goes into it once it is there.
    if (!head) return;
    const fresh = buffer.current;
    const isTooMuch = dropped.current > 0 || added.current + fresh.length > MOST_ADDED;
    if (isTooMuch || head.start !== 0) {
      forget();
      reload();
      return;
    }
    added.current += fresh.length;
    buffer.current = [];
    setWaiting(0);
    if (fresh.length === 0) return;
    client.setQueryData<InfiniteData<PageOf>>(listKey, (data) => {
      const [first, ...rest] = data?.pages ?? [];
      if (!data || !first) return data;
      const events = merged(first.page.events, fresh);
      const more = events.length - first.page.events.length;
      return {
        ...data,
        pages: [
          { ...first, page: { ...first.page, events } },
          ...rest.map((part) => ({ ...part, start: part.start + more })),
        ],
      };
    });
  }, [client, listKey, forget, reload]);

  /** Whether new rows may come in by themselves: the reader is at the top and reads nothing. */
  const mayShow = useCallback((): boolean => {
    if (isPaused || isReading || document.hidden) return false;
    const isMarking = document.querySelector(".marks") !== null;
    const isSelecting = getSelection()?.isCollapsed === false;
    return (scroller.current?.scrollTop ?? 0) <= 1 && !isMarking && !isSelecting;
  }, [isPaused, isReading, scroller]);
  const current = useRef({ show, mayShow });
  current.current = { show, mayShow };

  const streamKey = useMemo(() => {
    const { order: _, to, ...filters } = JSON.parse(filterKey) as Parameters;
    return JSON.stringify(scope.narrowed ? { ...filters, to } : filters);
  }, [filterKey, scope.narrowed]);
  const start = useRef(through);
  start.current = through;
  useEffect(() => {
    if (!isFollowing) return;
    cursor.current = null;
    let source: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;
    let pauseMs = AGAIN_MS;
    const connect = () => {
      setConnection("connecting");
      const after = cursor.current ?? start.current;
      const filters = JSON.parse(streamKey) as Parameters;
      source = new EventSource(address("v1/live", { ...filters, after }));
      source.addEventListener("hello", () => {
        pauseMs = AGAIN_MS;
        setConnection("live");
      });
      source.addEventListener("events", (event) => take(event as MessageEvent<string>));
      source.addEventListener("end", (event) => {
        const { reason } = JSON.parse((event as MessageEvent<string>).data) as { reason: string };
        // The login is over: whoever asks next is told so, and the login page takes over.
        if (reason === "access") client.invalidateQueries({ queryKey: ["status"] });
        retry();
      });
      source.onerror = () => {
        setConnection("away");
        // While it is CONNECTING the browser tries again by itself, with the last id.
        if (source?.readyState === EventSource.CLOSED) retry();
      };
    };
    const retry = () => {
      source?.close();
      setConnection("away");
      clearTimeout(again);
      again = setTimeout(connect, pauseMs);
      pauseMs = Math.min(LATEST_AGAIN_MS, pauseMs * 2);
    };
    const take = (event: MessageEvent<string>) => {
      const { events, skipped, through: seen } = JSON.parse(event.data) as Message;
      cursor.current = seen;
      // The list was read anew since the service put this on its way: it is in the list.
      if (start.current !== null && seen <= start.current) return;
      const known = new Set(buffer.current.map((one) => one.id));
      buffer.current.push(...events.filter((one) => !known.has(one.id)));
      dropped.current += skipped;
      const over = buffer.current.length - MOST_WAITING;
      if (over > 0) {
        buffer.current = buffer.current.slice(over);
        dropped.current += over;
      }
      arrivals.current.push({ at: Date.now(), count: events.length + skipped });
      if (current.current.mayShow()) current.current.show();
      else setWaiting(buffer.current.length + dropped.current);
    };
    connect();
    return () => {
      clearTimeout(again);
      source?.close();
    };
  }, [isFollowing, streamKey, client]);

  // The rate, and what the reader's coming back to the top lets in.
  useEffect(() => {
    if (!isFollowing) return;
    const timer = setInterval(() => {
      const since = Date.now() - RATE_MS;
      arrivals.current = arrivals.current.filter((one) => one.at >= since);
      const count = arrivals.current.reduce((sum, one) => sum + one.count, 0);
      setRate((count * 1000) / RATE_MS);
      if (buffer.current.length + dropped.current > 0 && current.current.mayShow())
        current.current.show();
    }, 1000);
    return () => clearInterval(timer);
  }, [isFollowing]);
  // Counts and bars follow at leisure; these are the same search, so nothing more is recorded.
  useEffect(() => {
    if (!isFollowing) return;
    const timer = setInterval(() => {
      const isNew = arrivals.current.some((one) => one.at >= Date.now() - COUNTS_EVERY_MS);
      if (!isNew || document.hidden) return;
      client.invalidateQueries({ queryKey: ["stats"] });
    }, COUNTS_EVERY_MS);
    return () => clearInterval(timer);
  }, [isFollowing, client]);

  const state: LiveState = !isFollowing ? "off" : isPaused ? "paused" : connection;
  return {
    state,
    isPossible,
    waiting,
    rate,
    toggle: () => {
      setPaused(false);
      setOn(!isOn);
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    show,
  };
}
