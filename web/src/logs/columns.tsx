import type { ReactNode } from "react";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import {
  Address,
  actorName,
  addressOf,
  gone,
  kindIcon,
  kindText,
  Plain,
  StatusMark,
  statusText,
  Who,
} from "./cells.tsx";
import { When } from "./When.tsx";

/** What a cell needs to know besides its event. */
export interface CellContext {
  tenant: string;
  zone: string;
  format: DateFormat;
  /** The moment that relative times are told from; null shows absolute ones. */
  relativeTo: number | null;
}

export interface Column {
  id: ColumnId;
  /** CSS width while nobody has chosen one: the seven fit 1440 px without being cut. */
  track: string;
  /** Least width in pixels; `px` is what a pinned column starts with. */
  least: number;
  px: number;
  cell: (event: AuditEvent, context: CellContext) => ReactNode;
  /** The value as plain text, for copies. */
  text: (event: AuditEvent, context: CellContext) => string;
}

export type ColumnId = keyof typeof messages.list.columns;

const column = (
  id: ColumnId,
  least: number,
  most: string,
  px: number,
  text: Column["text"],
  cell: Column["cell"],
): Column => ({ id, least, track: `minmax(${least}px, ${most})`, px, text, cell });

const plain = (
  id: ColumnId,
  least: number,
  px: number,
  value: (event: AuditEvent) => string | null | undefined,
  tail?: number,
): Column =>
  column(
    id,
    least,
    "1fr",
    px,
    (event) => value(event) ?? "",
    (event) => <Plain value={value(event)} {...(tail === undefined ? {} : { tail })} />,
  );

const person = (event: AuditEvent, context: CellContext): string => {
  const other = event.actor?.on_behalf_of;
  const name = actorName(event.actor, context.tenant);
  return other ? `${name} ${messages.logs.as} ${actorName(other, context.tenant)}` : name;
};

/** "role r_1 (Administrator)" */
export function targetText(event: AuditEvent): string {
  return (event.targets ?? [])
    .map(({ type, id, name }) => [type, id, name ? `(${name})` : ""].filter(Boolean).join(" "))
    .join("; ");
}

const brief = (value: unknown): string =>
  value === null || value === undefined
    ? messages.drawer.notSet
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

/** "role: viewer → admin" */
export function changesText(event: AuditEvent): string {
  return (event.changes ?? [])
    .map(({ path, before, after }) => `${path}: ${brief(before)} → ${brief(after)}`)
    .join("; ");
}

function stateText(event: AuditEvent): string {
  const parts = (["fact", "person", "content"] as const).map((part) => gone(event, part));
  const words = [...new Set(parts.flatMap((part) => (part ? [part.how] : [])))];
  return words.length === 0
    ? (messages.list.states.present ?? "")
    : words.map((word) => messages.list.states[word] ?? word).join(", ");
}

const received = (event: AuditEvent, context: CellContext): string =>
  event.received_at ? momentText(Date.parse(event.received_at), context.zone, context.format) : "";

/** Every column that the list can show; the first seven are the list's own, in their order. */
export const COLUMNS: readonly Column[] = [
  column(
    "date",
    142,
    "156px",
    156,
    (event, { zone, format }) => momentText(Date.parse(event.occurred_at), zone, format),
    (event, context) => <When event={event} context={context} />,
  ),
  column("email", 104, "2.4fr", 260, person, (event, { tenant }) => (
    <Who event={event} tenant={tenant} />
  )),
  column("ip", 84, "1.12fr", 130, addressOf, (event) => <Address event={event} />),
  column(
    "method",
    62,
    "1fr",
    110,
    (event) => event.method ?? "",
    (event) => <Plain value={event.method} />,
  ),
  column(
    "endpoint",
    96,
    "1.95fr",
    230,
    (event) => event.endpoint ?? "",
    (event) => <Plain value={event.endpoint} tail={14} />,
  ),
  column("status", 58, "62px", 66, statusText, (event) => <StatusMark event={event} />),
  column(
    "operation",
    86,
    "1.5fr",
    180,
    (event) => event.operation,
    (event) => <Plain value={event.operation} tail={8} />,
  ),
  column("kind", 96, "1fr", 130, kindText, (event) => (
    <span className="who">
      <Icon name={kindIcon(event)} />
      <span className="cut">{kindText(event)}</span>
    </span>
  )),
  plain("target", 110, 190, targetText, 10),
  plain("changes", 130, 240, changesText, 12),
  plain("category", 84, 110, (event) => event.category),
  column(
    "outcome",
    84,
    "110px",
    100,
    (event) => messages.logs.outcomes[event.outcome ?? "unknown"],
    (event) => <span className="cut">{messages.logs.outcomes[event.outcome ?? "unknown"]}</span>,
  ),
  plain("severity", 74, 90, (event) => event.severity),
  plain("request", 90, 150, (event) => event.context?.request_id, 8),
  plain("session", 90, 150, (event) => event.context?.session_id, 8),
  plain("source", 84, 120, (event) => event.context?.source),
  column(
    "index",
    74,
    "100px",
    90,
    (event) => `${event.index}`,
    (event) => <span className="cut">{countText(event.index)}</span>,
  ),
  column("received", 142, "156px", 156, received, (event, context) => (
    <OneLine text={received(event, context) || messages.logs.nothing} />
  )),
  plain("state", 84, 110, stateText),
  plain("reason", 90, 180, (event) => event.reason),
];

const byId = new Map(COLUMNS.map((one) => [one.id, one]));

export const columnOf = (id: ColumnId): Column => byId.get(id) as Column;
export const isColumn = (id: string): id is ColumnId => byId.has(id as ColumnId);
export const SEVEN: readonly ColumnId[] = COLUMNS.slice(0, 7).map((one) => one.id);
