import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { messages } from "../text/messages.ts";
import { copyWhole } from "../text/Shown.tsx";
import type { ColumnState } from "./columnState.ts";
import { paperTracks, tracksOf } from "./columnState.ts";
import type { CellContext } from "./columns.tsx";
import { EventHead } from "./EventHead.tsx";
import { CardRow, TableRow } from "./EventRow.tsx";
import { useDensity } from "./look.ts";
import type { Marks } from "./marks.ts";
import type { Rows } from "./rows.ts";
import type { Scope } from "./scope.ts";
import { type Slot, takeSlots } from "./slots.ts";

const CARD_PX = 111;
const OVERSCAN = 5;
/** Loaded rows that go on paper; who wants more exports. */
const MOST_PRINTED = 2000;
const text = messages.logs;

/** What shortcuts outside the table may ask of it. */
export interface TableHandle {
  move: (by: number) => void;
  openCurrent: () => void;
  focusCurrent: () => void;
}

interface EventTableProps {
  scope: Scope;
  rows: Rows;
  total: number | null;
  context: CellContext;
  columns: ColumnState;
  marks: Marks;
  /** Cards instead of columns; they scroll with everything above them. */
  narrow: boolean;
  isStale: boolean;
  scroller: RefObject<HTMLDivElement | null>;
  handle: Ref<TableHandle>;
  onOpen: (id: string) => void;
  onOrder: () => void;
  onNeedNext: () => void;
  onNeedPrevious: () => void;
}

/** The rows that can be seen, and a few around them; the focused one stays wherever it is. */
export function EventTable(props: EventTableProps) {
  const { scope, rows, total, narrow, scroller, marks, context, columns } = props;
  const { onOpen, onNeedNext, onNeedPrevious } = props;
  const [current, setCurrent] = useState(0);
  // The place that was asked for last. An effect of an earlier drawing may run after the next key:
  // with the `current` of its own drawing it would take the focus back.
  const wanted = useRef(0);
  const setPlace = useCallback((place: number) => {
    wanted.current = place;
    setCurrent(place);
  }, []);
  // Whether the keyboard is in the table: stays true while the focused row leaves the page and comes
  // back as another element, and ends when the person moves elsewhere.
  const ownsFocus = useRef(false);
  const body = useRef<HTMLTableSectionElement>(null);
  const rowPx = useRowHeight(narrow);
  const margin = useMargin(narrow, scroller, body);

  const isPrinting = usePrinting();
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    scrollMargin: margin,
    scrollPaddingStart: narrow ? 8 : 28,
    getItemKey: (place) => rows.at(place)?.id ?? place,
    rangeExtractor: useCallback(
      ({ startIndex, endIndex, overscan, count }: RangeInput) => {
        if (isPrinting) {
          const last = Math.min(rows.end, rows.first + MOST_PRINTED);
          return Array.from({ length: Math.max(0, last - rows.first) }, (_, at) => rows.first + at);
        }
        const first = Math.max(0, startIndex - overscan);
        const last = Math.min(count - 1, endIndex + overscan);
        const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
        if (current < count && (current < first || current > last)) {
          if (current < first) places.unshift(current);
          else places.push(current);
        }
        return places;
      },
      [current, isPrinting, rows],
    ),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new height is the trigger
  useEffect(() => {
    virtual.measure();
  }, [virtual, rowPx]);

  const items = virtual.getVirtualItems();
  const slots = useSlots(items.map((item) => item.key as Slot["id"]));
  const seenEnd = virtual.range?.endIndex ?? 0;
  const seenStart = virtual.range?.startIndex ?? 0;
  useEffect(() => {
    if (seenEnd + 60 >= rows.end) onNeedNext();
    if (rows.first > 0 && seenStart - 60 < rows.first) onNeedPrevious();
  }, [seenEnd, seenStart, rows.end, rows.first, onNeedNext, onNeedPrevious]);

  const drawn = (place: number) =>
    body.current?.querySelector<HTMLElement>(`[data-place="${place}"]`) ?? null;
  const moveTo = (place: number) => {
    const next = Math.min(rows.end - 1, Math.max(rows.first, place));
    if (next < 0) return;
    setPlace(next);
    virtual.scrollToIndex(next, { align: "auto" });
    ownsFocus.current = true;
    drawn(next)?.focus({ preventScroll: true });
  };
  // The row may not be drawn yet when it becomes the current one, or be drawn anew: focus follows.
  useEffect(() => {
    if (!ownsFocus.current) return;
    const active = document.activeElement;
    const isElsewhere = active !== document.body && !body.current?.contains(active);
    const row = drawn(wanted.current);
    if (isElsewhere) ownsFocus.current = false;
    else if (row !== active) row?.focus({ preventScroll: true });
  });
  const selected = scope.view.event;
  // The state may be one effect behind the event that is shown.
  const place = () => (selected === null ? null : rows.placeOf(selected)) ?? wanted.current;
  useImperativeHandle(props.handle, () => ({
    move: (by) => {
      const isInside = body.current?.contains(document.activeElement) ?? false;
      moveTo(isInside ? place() + by : place());
    },
    openCurrent: () => {
      const event = rows.at(wanted.current);
      if (event) onOpen(event.id);
    },
    focusCurrent: () => moveTo(place()),
  }));
  useEffect(() => {
    const place = selected === null ? null : rows.placeOf(selected);
    if (place === null) return;
    setPlace(place);
    virtual.scrollToIndex(place, { align: "auto" });
  }, [selected, rows, virtual, setPlace]);

  const onKeyDown = (event: KeyboardEvent) => {
    const isAll = event.key === "a" && (event.ctrlKey || event.metaKey);
    if (isAll || (event.key === "Escape" && marks.count > 0)) {
      if (isAll) marks.all();
      else marks.clear();
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const visible = Math.max(1, seenEnd - seenStart - 1);
    const targets: Record<string, number> = {
      ArrowDown: wanted.current + 1,
      ArrowUp: wanted.current - 1,
      PageDown: wanted.current + visible,
      PageUp: wanted.current - visible,
      Home: rows.first,
      End: rows.end - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      if (event.shiftKey) {
        if (marks.count === 0) marks.toggle(wanted.current);
        marks.extend(Math.min(rows.end - 1, Math.max(rows.first, target)));
      }
      moveTo(target);
    } else if (event.key === " ") marks.toggle(wanted.current);
    else if (event.key === "Enter") {
      const row = rows.at(wanted.current);
      if (row) onOpen(row.id);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const pick = (place: number, id: string | undefined, event: MouseEvent) => {
    setPlace(place);
    if (event.shiftKey) marks.extend(place, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey) marks.toggle(place);
    else if (id !== undefined) onOpen(id);
  };
  const Row = narrow ? CardRow : TableRow;
  const { template, stays, least } = useMemo(() => tracksOf(columns), [columns]);
  const style = narrow
    ? {}
    : { gridTemplateColumns: isPrinting ? paperTracks(columns) : template, minWidth: `${least}px` };
  return (
    <table
      className={props.isStale ? "log stale" : "log"}
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the ARIA grid pattern, on a table
      role="grid"
      aria-label={text.table}
      aria-rowcount={total === null ? -1 : total + 1}
      aria-colcount={columns.shown.length}
      aria-multiselectable="true"
      style={style as CSSProperties}
    >
      <EventHead state={columns} stays={stays} order={scope.view.order} onOrder={props.onOrder} />
      <tbody
        ref={body}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={onKeyDown}
        onFocus={() => {
          ownsFocus.current = true;
        }}
        onBlur={(event) => {
          // React tells nothing of a row that it takes away itself: this one was left by the person.
          if (!event.currentTarget.contains(event.relatedTarget)) ownsFocus.current = false;
        }}
        onCopy={copyWhole}
      >
        {items.map((item, at) => {
          const event = rows.at(item.index);
          return (
            <Row
              key={slots[at]?.key}
              event={event}
              place={item.index}
              offset={item.start - margin}
              context={context}
              columns={columns.shown}
              stays={stays}
              isCurrent={item.index === current}
              isSelected={event !== undefined && event.id === selected}
              isMarked={event !== undefined && marks.has(event.id)}
              onPick={(press) => pick(item.index, event?.id, press)}
              onFocus={() => setPlace(item.index)}
            />
          );
        })}
      </tbody>
    </table>
  );
}

/** The element of each row that is drawn. Whoever has selected text in the page keeps it as it is. */
function useSlots(ids: readonly Slot["id"][]): Slot[] {
  const drawn = useRef<readonly Slot[]>([]);
  const slots = takeSlots(drawn.current, ids, getSelection()?.isCollapsed !== false);
  useLayoutEffect(() => {
    drawn.current = slots;
  });
  return slots;
}

/** Whether the page is being printed: then all loaded rows are drawn, not those in sight. */
function usePrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    // The browser takes its picture when the event is over: the rows must be there by then.
    const before = () => flushSync(() => setPrinting(true));
    const after = () => setPrinting(false);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  return isPrinting;
}

/** Cards scroll together with the histogram above them: how far below the top they begin. */
function useMargin(
  narrow: boolean,
  scroller: RefObject<HTMLElement | null>,
  body: RefObject<HTMLElement | null>,
): number {
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    if (!narrow || !scroller.current || !body.current) {
      setMargin(0);
      return;
    }
    const top = scroller.current.getBoundingClientRect().top;
    setMargin(body.current.getBoundingClientRect().top - top + scroller.current.scrollTop);
  }, [narrow, scroller, body]);
  return margin;
}

interface RangeInput {
  startIndex: number;
  endIndex: number;
  overscan: number;
  count: number;
}

/** Height of one row: the token, which follows the density and is larger where fingers point. */
function useRowHeight(narrow: boolean): number {
  const [density] = useDensity();
  const [px, setPx] = useState(rowToken);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the density changes the token
  useLayoutEffect(() => setPx(rowToken()), [density]);
  return narrow ? CARD_PX : px;
}

function rowToken(): number {
  const value = getComputedStyle(document.documentElement).getPropertyValue("--row");
  return Number.parseInt(value, 10) || 26;
}
