import { memo } from "react";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { agoText, momentText, utcText } from "../time/format.ts";
import {
  Address,
  actorName,
  addressOf,
  gone,
  goneText,
  kindIcon,
  kindText,
  Plain,
  StatusMark,
  Who,
} from "./cells.tsx";

export interface RowProps {
  /** Absent while its page is being read. */
  event: AuditEvent | undefined;
  place: number;
  offset: number;
  tenant: string;
  zone: string;
  format: DateFormat;
  isCurrent: boolean;
  isSelected: boolean;
  onPick: () => void;
  onFocus: () => void;
}

const same = (one: RowProps, other: RowProps): boolean =>
  one.event === other.event &&
  one.place === other.place &&
  one.offset === other.offset &&
  one.zone === other.zone &&
  one.format === other.format &&
  one.isCurrent === other.isCurrent &&
  one.isSelected === other.isSelected;

function frame(props: RowProps) {
  return {
    "data-place": props.place,
    "aria-rowindex": props.place + 2,
    "aria-selected": props.isSelected,
    className: props.isSelected ? "sel" : "",
    style: { transform: `translateY(${props.offset}px)` },
    tabIndex: props.isCurrent ? 0 : -1,
    onClick: () => {
      // Selecting text in a row is not opening it.
      if (getSelection()?.isCollapsed !== false) props.onPick();
    },
    onFocus: props.onFocus,
  };
}

function When({ event, zone, format }: { event: AuditEvent; zone: string; format: DateFormat }) {
  const at = Date.parse(event.occurred_at);
  return (
    <time
      className="cut"
      dateTime={event.occurred_at}
      title={`${utcText(event.occurred_at)}, ${agoText(at, Date.now())}`}
    >
      {momentText(at, zone, format)}
    </time>
  );
}

const BONES = [116, 190, 84, 56, 150, 34, 110];

/** One event in the seven columns. */
export const TableRow = memo(function TableRow(props: RowProps) {
  const { event } = props;
  if (!event) {
    return (
      <tr {...frame(props)} aria-busy="true">
        {BONES.map((width) => (
          <td key={width}>
            <span className="bone" style={{ width: `min(${width}px, 90%)` }} />
          </td>
        ))}
      </tr>
    );
  }
  return (
    <tr {...frame(props)}>
      <td>
        <When event={event} zone={props.zone} format={props.format} />
      </td>
      <td>
        <Who event={event} tenant={props.tenant} />
      </td>
      <td>
        <Address event={event} />
      </td>
      <td>
        <Plain value={event.method} />
      </td>
      <td>
        <Plain value={event.endpoint} tail={14} />
      </td>
      <td>
        <StatusMark event={event} />
      </td>
      <td>
        <Plain value={event.operation} tail={8} />
      </td>
    </tr>
  );
}, same);

/** The same event as a card, for narrow screens. */
export const CardRow = memo(function CardRow(props: RowProps) {
  const { event } = props;
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
  const missing = gone(event.state?.person);
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
            <OneLine text={actorName(event.actor, props.tenant)} tail={8} />
          )}
          {other && (
            <>
              <span className="muted">{messages.logs.as}</span>
              <OneLine text={actorName(other, props.tenant)} tail={8} />
            </>
          )}
          <span className="end muted">{kindText(event)}</span>
        </div>
        <div className="mono">
          <Plain value={request} tail={14} />
        </div>
        <div className="muted">
          <When event={event} zone={props.zone} format={props.format} />
          <span className="end cut">
            <OneLine text={addressOf(event)} tail={8} />
          </span>
        </div>
      </td>
    </tr>
  );
}, same);
