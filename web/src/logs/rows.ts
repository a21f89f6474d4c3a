import { type InfiniteData, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Parameters } from "../api/client.ts";
import { fetchEvents } from "../api/log.ts";
import type { AuditEvent, EventPage } from "../api/types.ts";

export const PAGE_ROWS = 200;
/** Pages held at once: 10,000 rows. Older ones are dropped and asked for again on the way back. */
const MOST_PAGES = 50;
/** Browsers cannot lay out endless heights (Firefox ends near 17.9 million px). */
export const MOST_ROWS = 500_000;
/** Rows drawn as skeletons below the last one while more are to come. */
const TAIL_ROWS = 8;

export interface PageOf {
  page: EventPage;
  /** Place of its first row in the whole list. */
  start: number;
}

interface Ask {
  cursor: string | null;
  /** Where the page begins, or, going back, where it ends. */
  start: number;
  backwards: boolean;
}

const FIRST: Ask = { cursor: null, start: 0, backwards: false };

export interface Rows {
  /** Rows that the list has room for: known ones, and a few skeletons while more may come. */
  count: number;
  first: number;
  end: number;
  at: (place: number) => AuditEvent | undefined;
  placeOf: (id: string) => number | null;
  page: EventPage | null;
  isCut: boolean;
}

const NO_ROWS: Rows = {
  count: 0,
  first: 0,
  end: 0,
  at: () => undefined,
  placeOf: () => null,
  page: null,
  isCut: false,
};

function rowsOf(data: InfiniteData<PageOf, unknown> | undefined): Rows {
  const pages = data?.pages;
  const head = pages?.[0];
  const last = pages?.[pages.length - 1];
  if (!pages || !head || !last) return NO_ROWS;
  const events = pages.flatMap((part) => part.page.events);
  const first = head.start;
  const end = first + events.length;
  let places: Map<string, number> | null = null;
  const placeOf = (id: string) => {
    // Only when asked for: it is ten thousand ids, and each page that arrives makes them anew.
    places ??= new Map(events.map((event, index) => [event.id, first + index]));
    return places.get(id) ?? null;
  };
  const isCut = end >= MOST_ROWS && last.page.next_cursor !== null;
  const more = last.page.next_cursor !== null && !isCut;
  return {
    count: end + (more ? TAIL_ROWS : 0),
    first,
    end,
    at: (place) => events[place - first],
    placeOf,
    page: head.page,
    isCut,
  };
}

/**
 * The list, read page by page with cursors, both ways. `generation` asks for all of it anew. What
 * is not shown is not read: each read of the log is recorded.
 */
export function useRows(filters: Parameters, generation: number, isShown: boolean) {
  const query = useInfiniteQuery({
    enabled: isShown,
    queryKey: ["events", filters, generation],
    initialPageParam: FIRST,
    maxPages: MOST_PAGES,
    // Events never change. Once the first page is dropped, every place is another's: comparing ten
    // thousand of them took a tenth of a second a page and drew all rows in sight anew.
    structuralSharing: false,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }): Promise<PageOf> => {
      const page = await fetchEvents(
        { ...filters, limit: PAGE_ROWS, cursor: pageParam.cursor },
        signal,
      );
      if (!pageParam.backwards) return { page, start: pageParam.start };
      // Late events may have come in between: rows keep their places, what has none is left out.
      const room = pageParam.start;
      const events = page.events.slice(Math.max(0, page.events.length - room));
      return { page: { ...page, events }, start: room - events.length };
    },
    getNextPageParam: (last): Ask | null => {
      const start = last.start + last.page.events.length;
      if (last.page.next_cursor === null || start >= MOST_ROWS) return null;
      return { cursor: last.page.next_cursor, start, backwards: false };
    },
    getPreviousPageParam: (head): Ask | null => {
      const cursor = head.page.prev_cursor ?? null;
      if (cursor === null || head.start === 0) return null;
      return { cursor, start: head.start, backwards: true };
    },
  });
  const rows = useMemo(() => rowsOf(query.data), [query.data]);
  return { query, rows };
}
