import type { AuditEvent, DateFormat, Principal } from "../api/types.ts";
import { actorName, kindText } from "../logs/cells.tsx";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";

/** One line of the Request part: a name, its value, and whether it is a code. */
export interface Field {
  name: string;
  value: string;
  extra?: string;
  mono?: boolean;
}

type Maybe = string | number | null | undefined;

function field(name: string, value: Maybe, more: Omit<Field, "name" | "value"> = {}): Field[] {
  return value === null || value === undefined || value === ""
    ? []
    : [{ name, value: `${value}`, ...more }];
}

function distance(event: AuditEvent): string {
  if (!event.received_at) return "";
  const ms = Date.parse(event.received_at) - Date.parse(event.occurred_at);
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "+";
  if (size < 10_000) return `${sign}${size} ms`;
  if (size < 600_000) return `${sign}${Math.round(size / 1000)} s`;
  if (size < 172_800_000) return `${sign}${Math.round(size / 60_000)} min`;
  return `${sign}${Math.round(size / 86_400_000)} days`;
}

function receivedText(event: AuditEvent, zone: string, format: DateFormat): string | null {
  if (!event.received_at) return null;
  const received = momentText(Date.parse(event.received_at), zone, format);
  const occurred = momentText(Date.parse(event.occurred_at), zone, format);
  return received.slice(0, 10) === occurred.slice(0, 10) ? received.slice(11) : received;
}

const principalText = (principal: Principal): string =>
  [principal.name, principal.email, principal.id].filter(Boolean).join(", ");

/** The fields that matter most, for the first tab. */
export function mainFields(
  event: AuditEvent,
  zone: string,
  format: DateFormat,
  tenant: string,
): Field[] {
  const { origin, context } = event;
  const request = [event.method, event.endpoint].filter(Boolean).join(" ");
  const source = [context?.source, context?.source_version].filter(Boolean).join(" ");
  const sequence = context?.source_seq;
  return [
    ...field("Actor", actorName(event.actor, tenant)),
    ...field("Kind", kindText(event)),
    ...field(
      "Address",
      origin?.ip || origin?.device_id,
      origin?.peer_ip && origin.peer_ip !== origin.ip ? { extra: `via ${origin.peer_ip}` } : {},
    ),
    ...field("Category", event.category),
    ...field("Endpoint", request, { mono: true }),
    ...field(
      "Source",
      source,
      sequence === null || sequence === undefined ? {} : { extra: `no. ${sequence}` },
    ),
    ...field("Request id", context?.request_id, { mono: true }),
    ...field("Received", receivedText(event, zone, format), { extra: distance(event) }),
    ...field("Reason", event.reason),
    ...field("Session", context?.session_id, { mono: true }),
  ];
}

/** Every field of the event that has a value, in the order of the API. */
export function allFields(event: AuditEvent, zone: string, format: DateFormat): Field[] {
  const { actor, origin, context, job } = event;
  const mono = { mono: true };
  const moment = (at: string | null | undefined): string | null =>
    at ? `${momentText(Date.parse(at), zone, format)} (${at})` : null;
  return [
    ...field("Operation", event.operation),
    ...field("Method", event.method),
    ...field("Endpoint", event.endpoint, mono),
    ...field("Status", event.status ?? messages.logs.notAvailable),
    ...field("Outcome", messages.logs.outcomes[event.outcome ?? "unknown"]),
    ...field("Severity", event.severity),
    ...field("Stream", messages.logs.streams[event.stream]),
    ...field("Category", event.category),
    ...field("Occurred", moment(event.occurred_at)),
    ...field("Received", moment(event.received_at), event.late ? { extra: "late" } : {}),
    ...field("Actor kind", messages.logs.kinds[actor?.kind ?? ""] ?? actor?.kind),
    ...field("Actor e-mail", actor?.email),
    ...field("Actor name", actor?.name),
    ...field("Actor id", actor?.id, mono),
    ...field("Acts as", actor?.on_behalf_of ? principalText(actor.on_behalf_of) : null),
    ...field("IP address", origin?.ip),
    ...field("Peer address", origin?.peer_ip),
    ...field("Device", origin?.device_id),
    ...field("User agent", origin?.user_agent),
    ...(event.targets ?? []).flatMap((target) =>
      field("Target", [target.type, target.id, target.name].filter(Boolean).join(" · ")),
    ),
    ...field("Request id", context?.request_id, mono),
    ...field("Session", context?.session_id, mono),
    ...field("Trace", context?.trace_id, mono),
    ...field("Source", context?.source),
    ...field("Version", context?.source_version),
    ...field("Instance", context?.source_instance),
    ...field("Sequence", context?.source_seq),
    ...field(messages.drawer.altered, context?.altered?.join(", ")),
    ...field("Job", job?.id, mono),
    ...field("Root job", job?.root_id, mono),
    ...field("Parent job", job?.parent_id, mono),
    ...field("Attempt", job?.attempt),
    ...field("Job state", job?.state),
    ...field("Queue", job?.queue),
    ...field("Worker", job?.worker),
    ...field("Scheduled", moment(job?.scheduled_for)),
    ...field("Duration", job?.duration_ms == null ? null : `${job.duration_ms} ms`),
    ...field("Reason", event.reason),
    ...Object.entries(event.metadata ?? {}).flatMap(([name, value]) =>
      field(`metadata.${name}`, typeof value === "string" ? value : JSON.stringify(value)),
    ),
    ...field("Reported by", event.reported_by),
    ...field("Conflict of", event.conflict_of, mono),
    ...field("Event id", event.id, mono),
  ];
}

export const shortHash = (hash: string): string =>
  hash.length > 12 ? `${hash.slice(0, 4)}…${hash.slice(-4)}` : hash;
