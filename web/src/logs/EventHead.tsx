import { type PointerEvent, useRef } from "react";
import type { Order } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { type ColumnState, keepColumns, widened } from "./columnState.ts";
import type { ColumnId } from "./columns.tsx";
import { cellFrame } from "./EventRow.tsx";

interface EventHeadProps {
  state: ColumnState;
  stays: Partial<Record<ColumnId, number>>;
  order: Order;
  onOrder: () => void;
}

/** The names of the columns. A column's edge is dragged here; the chooser does the same by keys. */
export function EventHead({ state, stays, order, onOrder }: EventHeadProps) {
  const isDescending = order === "desc";
  return (
    <thead>
      <tr aria-rowindex={1}>
        {state.shown.map((id) => (
          <th
            key={id}
            scope="col"
            {...cellFrame(id, stays)}
            {...(id === "date" ? { "aria-sort": isDescending ? "descending" : "ascending" } : {})}
          >
            {id === "date" ? (
              <button
                type="button"
                className="sort"
                title={isDescending ? messages.logs.newestFirst : messages.logs.oldestFirst}
                onClick={onOrder}
              >
                {messages.list.columns.date}
                <Icon name={isDescending ? "dn" : "up"} />
              </button>
            ) : (
              <span className="cut">{messages.list.columns[id]}</span>
            )}
            <Edge id={id} state={state} />
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Edge({ id, state }: { id: ColumnId; state: ColumnState }) {
  const grip = useRef<{ x: number; px: number; way: number } | null>(null);
  const stop = (event: PointerEvent) => {
    grip.current = null;
    event.currentTarget.classList.remove("held");
  };
  return (
    <span
      className="edge"
      aria-hidden="true"
      title={messages.list.chooser.resize}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const head = event.currentTarget.parentElement;
        if (!head) return;
        const { direction } = getComputedStyle(head);
        grip.current = {
          x: event.clientX,
          px: head.getBoundingClientRect().width,
          way: direction === "rtl" ? -1 : 1,
        };
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.classList.add("held");
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (!grip.current) return;
        const px = grip.current.px + (event.clientX - grip.current.x) * grip.current.way;
        keepColumns(widened(state, id, px));
      }}
      onPointerUp={stop}
      onPointerCancel={stop}
      onDoubleClick={() => keepColumns(widened(state, id, null))}
    />
  );
}
