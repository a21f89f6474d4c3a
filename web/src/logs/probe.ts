import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";
import type { Span } from "../time/periods.ts";
import { slotAt, slotCount } from "./bars.ts";

/** The span of a slot by its number. */
export const slotSpan = (slot: number, intervalS: number, whole: Span): Span =>
  slotAt(whole.from + slot * intervalS * 1000, intervalS, whole);

/** The bar under the pointer or the arrow keys, and the stretch being chosen. */
export function useProbe(
  element: RefObject<HTMLDivElement | null>,
  whole: Span,
  intervalS: number,
  narrowed: Span | null,
  choose: (span: Span) => void,
) {
  const [span, setSpan] = useState<Span | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const slots = slotCount(intervalS, whole);
  const indexOf = (at: number): number =>
    Math.min(slots - 1, Math.max(0, Math.floor((at - whole.from) / (intervalS * 1000))));
  const [cursor, setCursor] = useState<number | null>(null);
  const slot = Math.min(slots - 1, cursor ?? (narrowed ? indexOf(narrowed.from) : 0));

  const between = (one: number, other: number): Span => ({
    from: slotSpan(Math.min(one, other), intervalS, whole).from,
    to: slotSpan(Math.max(one, other), intervalS, whole).to,
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
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      drag.current = slotUnder(event.clientX);
      element.current?.setPointerCapture(event.pointerId);
      setSpan(between(drag.current, drag.current));
    },
    onPointerMove: (event: PointerEvent) => {
      const under = slotUnder(event.clientX);
      if (drag.current !== null) setSpan(between(drag.current, under));
      else if (event.pointerType === "mouse") setSpan(between(under, under));
    },
    onPointerUp: (event: PointerEvent) => {
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
  return { span, slot, slots, pointer, onKeyDown };
}
