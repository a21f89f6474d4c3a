import { type ReactNode, useEffect, useRef, useState } from "react";
import type { AuditEvent } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import type { Rows } from "../logs/rows.ts";
import type { Change } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { CellMenu } from "./CellMenu.tsx";
import { columnOf } from "./values.ts";
import "./actions.css";

interface Place {
  event: AuditEvent;
  column: string;
  row: HTMLElement;
  left: number;
  top: number;
}

interface CellActionsProps {
  rows: Rows;
  q: string;
  change: Change;
  children: ReactNode;
}

/** Rows that pass under a pointer at rest are not pointed at; the one where they stop is. */
const REST_MS = 120;

/**
 * What can be done with a value of the list: a small button in the cell under the pointer, the
 * context menu, and the menu key (or Shift F10) on a row. A plain click still opens the event.
 */
export function CellActions({ rows, q, change, children }: CellActionsProps) {
  const [near, setNear] = useState<Place | null>(null);
  const [open, setOpen] = useState<Place | null>(null);

  const placeOf = (target: EventTarget): Place | null => {
    if (!(target instanceof Element)) return null;
    const row = target.closest<HTMLElement>("tr[data-place]");
    const event = row && rows.at(Number(row.dataset.place));
    if (!row || !event) return null;
    const cell = target.closest("td");
    const box = (cell ?? row).getBoundingClientRect();
    return {
      event,
      column: cell && !cell.classList.contains("card") ? columnOf(cell) : "",
      row,
      left: box.right,
      top: box.top,
    };
  };
  const over = useRef<EventTarget | null>(null);
  const rest = useRef<number | undefined>(undefined);
  useEffect(() => () => clearTimeout(rest.current), []);
  const look = () => {
    const target = over.current;
    const place = target && (target as Element).isConnected ? placeOf(target) : null;
    setNear(place && place.column !== "" && place.column !== "mark" ? place : null);
  };
  const lookLatest = useRef(look);
  lookLatest.current = look;
  const close = (back: boolean) => {
    if (back) open?.row.focus({ preventScroll: true });
    setOpen(null);
    setNear(null);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens for what the rows inside pass up
    <div
      className="cells"
      onPointerOver={(event) => {
        if (event.pointerType !== "mouse" || open) return;
        if ((event.target as Element).closest(".cell-act")) return;
        over.current = event.target;
        if (rest.current === undefined) look();
      }}
      onPointerLeave={() => {
        over.current = null;
        setNear(null);
      }}
      onScrollCapture={() => {
        setNear(null);
        setOpen(null);
        clearTimeout(rest.current);
        rest.current = window.setTimeout(() => {
          rest.current = undefined;
          lookLatest.current();
        }, REST_MS);
      }}
      onContextMenu={(event) => {
        const place = placeOf(event.target);
        if (!place || getSelection()?.isCollapsed === false) return;
        event.preventDefault();
        setOpen({ ...place, left: event.clientX, top: event.clientY });
      }}
      onKeyDownCapture={(event) => {
        if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey)) return;
        const place = placeOf(event.target);
        if (!place) return;
        event.preventDefault();
        event.stopPropagation();
        const box = place.row.getBoundingClientRect();
        setOpen({ ...place, column: "", left: box.left + 24, top: box.bottom });
      }}
    >
      {children}
      {near && !open && (
        <button
          type="button"
          className="cell-act"
          tabIndex={-1}
          aria-label={messages.actions.label}
          title={messages.actions.label}
          style={{ left: near.left - 26, top: near.top + 1 }}
          onClick={() => setOpen({ ...near, top: near.top + 26 })}
        >
          <Icon name="down" />
        </button>
      )}
      {open && (
        <CellMenu
          event={open.event}
          column={open.column}
          left={open.left}
          top={open.top}
          q={q}
          change={change}
          onClose={close}
        />
      )}
    </div>
  );
}
