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
import { clockText, isoText, momentText, spanText } from "../time/format.ts";
import type { Span } from "../time/periods.ts";
import { Brush } from "./Brush.tsx";
import { bandText, gapText, useBands } from "./bands.ts";
import { axisOf, barsOf, OUTCOMES, pathsOf, stepText, totalsOf, wantedBars } from "./bars.ts";
import { OUTCOME_LOOKS } from "./cells.tsx";
import { Legend } from "./Legend.tsx";
import { slotSpan, useProbe } from "./probe.ts";
import { type Scope, widerView } from "./scope.ts";
import "./timeline.css";
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
  const words = messages.list.timeline;
  const wanted = wantedBars(view.period);
  // A relative period is open towards now; its bars end where the drawing does.
  const filters = scope.isRecent
    ? { ...scope.wholeFilters, to: isoText(whole.to) }
    : scope.wholeFilters;
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["stats", "time", filters, view.stream, generation],
    queryFn: ({ signal }) =>
      fetchStats({ ...filters, stream: view.stream, group: "time", buckets: wanted }, signal),
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
  const bands = useBands(scope, generation);
  const [draft, setDraft] = useState<Span | null>(null);
  const plot = useRef<HTMLDivElement>(null);
  const narrowTo = (span: Span, replace = false) =>
    change({ from: isoText(span.from), to: isoText(span.to) }, { replace });
  const probe = useProbe(plot, whole, intervalS, narrowed, narrowTo);
  const chosen = draft ?? narrowed;

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
  const told = probe.span ?? chosen;
  const toldBands = told ? bands.filter((band) => band.from < told.to && band.to > told.from) : [];
  const slot = slotSpan(probe.slot, intervalS, whole);

  const clear = () => change({ from: null, to: null });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && narrowed) {
      event.preventDefault();
      event.stopPropagation();
      clear();
    } else probe.onKeyDown(event);
  };
  return (
    <div className="hist">
      <div className="hist-top">
        <Legend q={view.q} totals={totalsOf(bars)} hasBands={bands.length > 0} change={change} />
        <span className="grow" />
        {told && (
          <span className="told">
            {spanText(told.from, told.to, zone, settings.date_format)}{" "}
            <span className="muted">· {messages.amounts.events(countIn(told))}</span>
            {toldBands.length > 0 && <span className="muted"> · {words.notRecordedHere}</span>}
          </span>
        )}
        {narrowed && (
          <>
            <button
              type="button"
              className="linkish"
              title={words.zoomInHint}
              onClick={() => change({ period: null, date: null })}
            >
              {words.zoomIn}
            </button>
            <button type="button" className="linkish" title={words.clearHint} onClick={clear}>
              {words.clear}
            </button>
          </>
        )}
        {!narrowed && view.period === null && (
          <button type="button" className="linkish" onClick={() => change(widerView(scope))}>
            {text.zoomOut}
          </button>
        )}
        <span className="news" aria-live="polite">
          {children}
        </span>
      </div>
      <div ref={plot} className="plot" {...probe.pointer}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {OUTCOMES.map((name) => (
            <path key={name} className={`b-${OUTCOME_LOOKS[name].look}`} d={paths[name]} />
          ))}
          <path className="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
        </svg>
        {bands.map((band) => (
          <div
            key={`${band.from} ${band.isOff}`}
            className={`gap ${band.isOff ? "off" : ""} ${percent(band.from) > 80 ? "flip" : ""}`}
            style={box(band)}
          >
            <span aria-hidden="true">{bandText(band)}</span>
          </div>
        ))}
        {probe.span && <div className="probe" style={box(probe.span)} />}
        {nowAt > 0 && nowAt < 100 && (
          <div
            className={nowAt > (narrow ? 76 : 88) ? "future flip" : "future"}
            style={{ width: `${100 - nowAt}%` }}
          >
            <span>{text.now(clockText(now, zone))}</span>
          </div>
        )}
        <div
          className="slots"
          role="slider"
          tabIndex={0}
          aria-label={text.histogram(stepText(intervalS))}
          aria-description={text.histogramKeys}
          aria-valuemin={0}
          aria-valuemax={probe.slots - 1}
          aria-valuenow={probe.slot}
          aria-valuetext={spanWords(probe.span ?? slot)}
          title={toldBands
            .flatMap((band) => band.gaps)
            .slice(0, 6)
            .map((gap) => gapText(gap, zone, settings.date_format))
            .join("\n")}
          onKeyDown={onKeyDown}
        />
        {chosen && (
          <Brush
            span={chosen}
            whole={whole}
            intervalS={intervalS}
            plot={plot}
            style={box(chosen)}
            labels={words.handles}
            told={(at) => momentText(at, zone, settings.date_format)}
            onDraft={setDraft}
            onChoose={(span) => narrowTo(span, true)}
          />
        )}
      </div>
      {bands.length > 0 && (
        <ul className="vh" aria-label={words.notRecorded}>
          {bands
            .flatMap((band) => band.gaps)
            .slice(0, 20)
            .map((gap) => (
              <li key={`${gap.kind} ${gap.source} ${gap.instance} ${gap.from}`}>
                {gapText(gap, zone, settings.date_format)}
              </li>
            ))}
        </ul>
      )}
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
