import { type CSSProperties, type MouseEvent, memo } from "react";
import type { AuditEvent } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import {
  actorName,
  addressOf,
  gone,
  goneText,
  kindIcon,
  kindText,
  Plain,
  StatusMark,
} from "./cells.tsx";
import { type CellContext, type ColumnId, columnOf } from "./columns.tsx";
import { When } from "./When.tsx";

export interface RowProps {
  /** Absent while its page is being read. */
  event: AuditEvent | undefined;
  place: number;
  offset: number;
  context: CellContext;
  columns: readonly ColumnId[];
  /** How far from the left each pinned column stays. */
  stays: Partial<Record<ColumnId, number>>;
  isCurrent: boolean;
  isSelected: boolean;
  isMarked: boolean;
  onPick: (event: MouseEvent) => void;
  onFocus: () => void;
}

const same = (one: RowProps, other: RowProps): boolean =>
  one.event === other.event &&
  one.place === other.place &&
  one.offset === other.offset &&
  one.context === other.context &&
  one.columns === other.columns &&
  one.stays === other.stays &&
  one.isCurrent === other.isCurrent &&
  one.isSelected === other.isSelected &&
  one.isMarked === other.isMarked;

function frame(props: RowProps) {
  const looks = [props.isSelected ? "sel" : "", props.isMarked ? "marked" : ""];
  return {
    "data-place": props.place,
    "data-event": props.event?.id,
    "aria-rowindex": props.place + 2,
    "aria-selected": props.isSelected || props.isMarked,
    className: looks.filter(Boolean).join(" "),
    style: { transform: `translateY(${props.offset}px)` },
    tabIndex: props.isCurrent ? 0 : -1,
    onMouseDown: (event: MouseEvent) => {
      // Shift would select text from the last press to here.
      if (event.shiftKey) event.preventDefault();
    },
    onClick: (event: MouseEvent) => {
      // Selecting text in a row is not opening it.
      const isChoice = event.shiftKey || event.ctrlKey || event.metaKey;
      if (isChoice || getSelection()?.isCollapsed !== false) props.onPick(event);
    },
    onFocus: props.onFocus,
  };
}

/** How a cell of a column looks and stays; the same for its head. */
export function cellFrame(id: ColumnId, stays: RowProps["stays"]) {
  const left = stays[id];
  const style: CSSProperties | undefined =
    left === undefined ? undefined : { insetInlineStart: `${left}px` };
  return {
    "data-column": id,
    className: left === undefined ? `c-${id}` : `c-${id} pin`,
    ...(style ? { style } : {}),
  };
}

const BONES: Partial<Record<ColumnId, number>> = {
  date: 116,
  email: 190,
  method: 56,
  endpoint: 150,
  status: 34,
  operation: 110,
};

/** One event in the chosen columns. */
export const TableRow = memo(function TableRow(props: RowProps) {
  const { event, columns, context, stays } = props;
  return (
    <tr {...frame(props)} {...(event ? {} : { "aria-busy": true })}>
      {columns.map((id) => (
        <td key={id} {...cellFrame(id, stays)}>
          {event ? (
            columnOf(id).cell(event, context)
          ) : (
            <span className="bone" style={{ width: `min(${BONES[id] ?? 84}px, 90%)` }} />
          )}
        </td>
      ))}
    </tr>
  );
}, same);

/** The same event as a card, for narrow screens. */
export const CardRow = memo(function CardRow(props: RowProps) {
  const { event, context } = props;
  if (!event) {
    return (
      <tr {...frame(props)} aria-busy="true">
        <td className="card">
          {[120, 200, 160, 140].map((width) => (
            <div key={width}>
              <span className="bone" style={{ width, height: 10, margin: "5px 0" }} />
            </div>
          ))}
        </td>
      </tr>
    );
  }
  const missing = gone(event, "person");
  const request = [event.method, event.endpoint].filter(Boolean).join(" ");
  const other = event.actor?.on_behalf_of;
  return (
    <tr {...frame(props)}>
      <td className="card">
        <div>
          <b className="cut">
            <OneLine text={event.operation} />
          </b>
          <span className="end">
            <StatusMark event={event} />
          </span>
        </div>
        <div>
          <Icon name={kindIcon(event)} />
          {missing && !event.actor?.email ? (
            <span className="gone">{goneText(missing)}</span>
          ) : (
            <OneLine text={actorName(event.actor, context.tenant)} tail={8} />
          )}
          {other && (
            <>
              <span className="muted">{messages.logs.as}</span>
              <OneLine text={actorName(other, context.tenant)} tail={8} />
            </>
          )}
          <span className="end muted">{kindText(event)}</span>
        </div>
        <div className="mono">
          <Plain value={request} tail={14} />
        </div>
        <div className="muted c-date">
          <When event={event} context={context} />
          <span className="end cut">
            <OneLine text={addressOf(event)} tail={8} />
          </span>
        </div>
      </td>
    </tr>
  );
}, same);
