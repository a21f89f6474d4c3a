import { type CSSProperties, type KeyboardEvent, type RefObject, useRef } from "react";
import type { Span } from "../time/periods.ts";

interface BrushProps {
  /** What is chosen, or is being chosen. */
  span: Span;
  whole: Span;
  intervalS: number;
  plot: RefObject<HTMLDivElement | null>;
  style: CSSProperties;
  labels: { from: string; to: string };
  /** A moment in words. */
  told: (at: number) => string;
  /** While it is dragged; null gives up. */
  onDraft: (span: Span | null) => void;
  onChoose: (span: Span) => void;
}

type End = "from" | "to";

/** The chosen stretch with a handle at each end; each moves by drag or by arrow keys, bar by bar. */
export function Brush(props: BrushProps) {
  const { span, whole, intervalS, plot, style, labels, told, onDraft, onChoose } = props;
  const held = useRef<Span | null>(null);
  const step = intervalS * 1000;
  const snapped = (at: number): number => {
    const edge = whole.from + Math.round((at - whole.from) / step) * step;
    return Math.min(whole.to, Math.max(whole.from, edge));
  };
  const withEnd = (end: End, at: number): Span =>
    end === "from"
      ? { from: Math.max(whole.from, Math.min(at, span.to - step)), to: span.to }
      : { from: span.from, to: Math.min(whole.to, Math.max(at, span.from + step)) };

  const onKeyDown = (end: End) => (event: KeyboardEvent) => {
    const at = span[end];
    const targets: Record<string, number> = {
      ArrowLeft: at - step,
      ArrowDown: at - step,
      ArrowRight: at + step,
      ArrowUp: at + step,
      PageUp: at + 10 * step,
      PageDown: at - 10 * step,
      Home: whole.from,
      End: whole.to,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onChoose(withEnd(end, snapped(target)));
  };

  const handle = (end: End) => (
    <div
      className={`handle ${end}`}
      role="slider"
      tabIndex={0}
      aria-label={labels[end]}
      aria-valuemin={whole.from}
      aria-valuemax={whole.to}
      aria-valuenow={span[end]}
      aria-valuetext={told(span[end])}
      onKeyDown={onKeyDown(end)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = span;
      }}
      onPointerMove={(event) => {
        event.stopPropagation();
        const rect = plot.current?.getBoundingClientRect();
        if (!held.current || !rect || rect.width === 0) return;
        const share = (event.clientX - rect.left) / rect.width;
        held.current = withEnd(end, snapped(whole.from + share * (whole.to - whole.from)));
        onDraft(held.current);
      }}
      onPointerUp={(event) => {
        event.stopPropagation();
        if (held.current) onChoose(held.current);
        held.current = null;
        onDraft(null);
      }}
      onPointerCancel={() => {
        held.current = null;
        onDraft(null);
      }}
    />
  );
  return (
    <div className="brush" style={style}>
      {handle("from")}
      {handle("to")}
    </div>
  );
}
