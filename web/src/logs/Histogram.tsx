import { keepPreviousData, useQuery } from "@tanstack/react-query";
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useMemo,
  useRef,
  useState,
} from "react";
import { fetchStats } from "../api/log.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { clockText, isoText, spanText } from "../time/format.ts";
import type { Span } from "../time/periods.ts";
import {
  axisOf,
  barsOf,
  OUTCOMES,
  pathsOf,
  slotAt,
  slotCount,
  stepText,
  totalsOf,
  wantedBars,
} from "./bars.ts";
import { OUTCOME_LOOKS } from "./cells.tsx";
import type { Scope } from "./scope.ts";
import type { Change } from "./view.ts";

const WIDTH = 960;
const HEIGHT = 60;
const text = messages.logs;

interface HistogramProps {
  scope: Scope;
  generation: number;
  now: number;
  narrow: boolean;
  change: Change;
  /** What stands at the right of the legend: the button for new events. */
  children: ReactNode;
}

/** Counts over time, stacked by outcome. A press, a drag, or arrow keys and Enter narrow the list. */
export function Histogram({ scope, generation, now, narrow, change, children }: HistogramProps) {
  const { whole, narrowed, zone, view, settings } = scope;
  const wanted = wantedBars(view.period);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["stats", "time", scope.wholeFilters, view.stream, generation],
    queryFn: ({ signal }) =>
      fetchStats(
        { ...scope.wholeFilters, stream: view.stream, group: "time", buckets: wanted },
        signal,
      ),
    placeholderData: keepPreviousData,
  });
  const intervalS =
    (isPlaceholderData ? undefined : data?.interval_s) ||
    Math.max(1, Math.round((whole.to - whole.from) / wanted / 1000));
  const bars = useMemo(
    () => (isPlaceholderData ? [] : barsOf(data?.groups ?? [], intervalS, whole)),
    [data, isPlaceholderData, intervalS, whole],
  );
  const paths = useMemo(
    () => pathsOf(bars, intervalS, whole, WIDTH, HEIGHT),
    [bars, intervalS, whole],
  );
  const totals = totalsOf(bars);
  const probe = useProbe(whole, intervalS, narrowed, (span) =>
    change({ from: isoText(span.from), to: isoText(span.to) }),
  );
  const zoomOut = () =>
    view.period === null
      ? change({ period: "day", date: scope.date.toString(), from: null, to: null })
      : change({ from: null, to: null });
  const countIn = (span: Span): number =>
    bars.reduce(
      (sum, bar) => (bar.from >= span.from && bar.from < span.to ? sum + bar.count : sum),
      0,
    );
  const spanWords = (span: Span): string =>
    `${spanText(span.from, span.to, zone, settings.date_format)}, ${messages.amounts.events(countIn(span))}`;

  const percent = (at: number): number => ((at - whole.from) / (whole.to - whole.from)) * 100;
  const box = (span: Span): CSSProperties => ({
    left: `${Math.max(0, percent(span.from))}%`,
    width: `${Math.min(100, percent(span.to)) - Math.max(0, percent(span.from))}%`,
  });
  const marks = axisOf(view.period, whole, zone, settings.date_format, narrow);
  const nowAt = percent(now);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && narrowed) {
      event.preventDefault();
      event.stopPropagation();
      zoomOut();
    } else probe.onKeyDown(event);
  };
  const told = probe.span ?? narrowed;
  return (
    <div className="hist">
      <div className="hist-top">
        {OUTCOMES.map((name) => (
          <span key={name} className={`key ${OUTCOME_LOOKS[name].look}`}>
            {text.outcomes[name]} <em>{countText(totals[name])}</em>
          </span>
        ))}
        <span className="grow" />
        {told && (
          <span className="told">
            {spanText(told.from, told.to, zone, settings.date_format)}{" "}
            <span className="muted">· {messages.amounts.events(countIn(told))}</span>
          </span>
        )}
        {(narrowed || view.period === null) && (
          <button type="button" className="linkish" onClick={zoomOut}>
            {text.zoomOut}
          </button>
        )}
        <span aria-live="polite">{children}</span>
      </div>
      <div
        ref={probe.box}
        className="plot"
        role="slider"
        tabIndex={0}
        aria-label={text.histogram(stepText(intervalS))}
        aria-description={text.histogramKeys}
        aria-valuemin={0}
        aria-valuemax={slotCount(intervalS, whole) - 1}
        aria-valuenow={probe.slot}
        aria-valuetext={spanWords(probe.span ?? slotAtIndex(probe.slot, intervalS, whole))}
        onKeyDown={onKeyDown}
        {...probe.pointer}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {OUTCOMES.map((name) => (
            <path key={name} className={`b-${OUTCOME_LOOKS[name].look}`} d={paths[name]} />
          ))}
          <path className="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
        </svg>
        {narrowed && <div className="brush" style={box(narrowed)} />}
        {probe.span && <div className="probe" style={box(probe.span)} />}
        {nowAt > 0 && nowAt < 100 && (
          <div
            className={nowAt > 88 ? "future flip" : "future"}
            style={{ width: `${100 - nowAt}%` }}
          >
            <span>{text.now(clockText(now, zone))}</span>
          </div>
        )}
      </div>
      <div className="axis" aria-hidden="true">
        {marks.map((mark) => (
          <span
            key={mark.at}
            className={mark.at < 0.02 ? "first" : mark.at > 0.98 ? "last" : ""}
            style={{ left: `${mark.at * 100}%` }}
          >
            {mark.text}
          </span>
        ))}
      </div>
    </div>
  );
}

const slotAtIndex = (slot: number, intervalS: number, whole: Span): Span =>
  slotAt(whole.from + slot * intervalS * 1000, intervalS, whole);

/** The bar under the pointer or the arrow keys, and the stretch being chosen. */
function useProbe(
  whole: Span,
  intervalS: number,
  narrowed: Span | null,
  choose: (span: Span) => void,
) {
  const element = useRef<HTMLDivElement>(null);
  const [span, setSpan] = useState<Span | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const slots = slotCount(intervalS, whole);
  const indexOf = (at: number): number =>
    Math.min(slots - 1, Math.max(0, Math.floor((at - whole.from) / (intervalS * 1000))));
  const [cursor, setCursor] = useState<number | null>(null);
  const slot = Math.min(slots - 1, cursor ?? (narrowed ? indexOf(narrowed.from) : 0));

  const between = (one: number, other: number): Span => ({
    from: slotAtIndex(Math.min(one, other), intervalS, whole).from,
    to: slotAtIndex(Math.max(one, other), intervalS, whole).to,
  });
  const slotUnder = (x: number): number => {
    const rect = element.current?.getBoundingClientRect();
    if (!rect || rect.width === 0) return 0;
    return indexOf(whole.from + ((x - rect.left) / rect.width) * (whole.to - whole.from));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const last = slots - 1;
    const targets: Record<string, number> = {
      ArrowLeft: slot - 1,
      ArrowRight: slot + 1,
      PageUp: slot - 10,
      PageDown: slot + 10,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      const next = Math.min(last, Math.max(0, target));
      const from = event.shiftKey ? (anchor ?? slot) : next;
      setAnchor(event.shiftKey ? from : null);
      setCursor(next);
      setSpan(between(from, next));
    } else if (event.key === "Enter" || event.key === " ") {
      choose(span ?? between(slot, slot));
      setSpan(null);
    } else if (event.key === "Escape" && span) setSpan(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const drag = useRef<number | null>(null);
  const pointer = {
    onPointerDown: (event: React.PointerEvent) => {
      if (event.button !== 0) return;
      drag.current = slotUnder(event.clientX);
      element.current?.setPointerCapture(event.pointerId);
      setSpan(between(drag.current, drag.current));
    },
    onPointerMove: (event: React.PointerEvent) => {
      const under = slotUnder(event.clientX);
      if (drag.current !== null) setSpan(between(drag.current, under));
      else if (event.pointerType === "mouse") setSpan(between(under, under));
    },
    onPointerUp: (event: React.PointerEvent) => {
      if (drag.current === null) return;
      choose(between(drag.current, slotUnder(event.clientX)));
      drag.current = null;
      setSpan(null);
    },
    onPointerCancel: () => {
      drag.current = null;
      setSpan(null);
    },
    onPointerLeave: () => {
      if (drag.current === null) setSpan(null);
    },
    onBlur: () => setSpan(null),
  };
  return { box: element, span, slot, pointer, onKeyDown };
}
