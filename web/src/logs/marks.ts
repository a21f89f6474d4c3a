import { useCallback, useMemo, useState } from "react";
import type { AuditEvent } from "../api/types.ts";
import type { Rows } from "./rows.ts";

/** The rows chosen for copying; they are remembered whole, wherever the list scrolls. */
export interface Marks {
  count: number;
  has: (id: string) => boolean;
  events: () => AuditEvent[];
  toggle: (place: number) => void;
  /** From the last one touched to this one; those and no others, or added to what there is. */
  extend: (place: number, isMore?: boolean) => void;
  all: () => void;
  clear: () => void;
}

interface State {
  /** In the order of the list, by place. */
  chosen: ReadonlyMap<string, { event: AuditEvent; place: number }>;
  anchor: number | null;
}

const NONE: State = { chosen: new Map(), anchor: null };

/** `listKey` names the list: another list begins with nothing chosen. */
export function useMarks(rows: Rows, listKey: string): Marks {
  const [kept, setKept] = useState<{ key: string; state: State }>({ key: listKey, state: NONE });
  const state = kept.key === listKey ? kept.state : NONE;
  const set = useCallback(
    (change: (state: State) => State) =>
      setKept((before) => ({
        key: listKey,
        state: change(before.key === listKey ? before.state : NONE),
      })),
    [listKey],
  );
  return useMemo((): Marks => {
    const between = (one: number, other: number) => {
      const found = new Map<string, { event: AuditEvent; place: number }>();
      for (let place = Math.min(one, other); place <= Math.max(one, other); place++) {
        const event = rows.at(place);
        if (event) found.set(event.id, { event, place });
      }
      return found;
    };
    return {
      count: state.chosen.size,
      has: (id) => state.chosen.has(id),
      events: () =>
        [...state.chosen.values()]
          .sort((one, other) => one.place - other.place)
          .map((item) => item.event),
      toggle: (place) =>
        set((before) => {
          const event = rows.at(place);
          if (!event) return before;
          const chosen = new Map(before.chosen);
          if (!chosen.delete(event.id)) chosen.set(event.id, { event, place });
          return { chosen, anchor: place };
        }),
      extend: (place, isMore = false) =>
        set((before) => {
          const anchor = before.anchor ?? place;
          const range = between(anchor, place);
          return { chosen: isMore ? new Map([...before.chosen, ...range]) : range, anchor };
        }),
      all: () =>
        set((before) => ({ chosen: between(rows.first, rows.end - 1), anchor: before.anchor })),
      clear: () => set(() => NONE),
    };
  }, [state, rows, set]);
}
