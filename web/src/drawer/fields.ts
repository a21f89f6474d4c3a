import type { AuditEvent, DateFormat, Principal } from "../api/types.ts";
import { actorName, kindText } from "../logs/cells.tsx";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { momentText } from "../time/format.ts";
import { lengthText } from "../time/length.ts";
import { agentText } from "./agent.ts";

/** One line of the Request part: a name, its value, and whether it is a code. */
export interface Field {
  name: string;
  value: string;
  extra?: string;
  mono?: boolean;
}

const names = messages.event.fields;

type Maybe = string | number | null | undefined;

function field(name: string, value: Maybe, more: Omit<Field, "name" | "value"> = {}): Field[] {
  return value === null || value === undefined || value === ""
    ? []
    : [{ name, value: `${value}`, ...more }];
}

function distance(event: AuditEvent): string {
  if (!event.received_at) return "";
  const ms = Date.parse(event.received_at) - Date.parse(event.occurred_at);
  return `${ms < 0 ? "−" : "+"}${lengthText(ms)}`;
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
    ...field(names.actor, actorName(event.actor, tenant)),
    ...field(names.kind, kindText(event)),
    ...field(
      names.address,
      origin?.ip || origin?.device_id,
      origin?.peer_ip && origin.peer_ip !== origin.ip
        ? { extra: messages.event.via(origin.peer_ip) }
        : {},
    ),
    ...field(trail.details.client, agentText(origin?.user_agent)),
    ...field(names.category, event.category),
    ...field(names.endpoint, request, { mono: true }),
    ...field(
      names.source,
      source,
      sequence === null || sequence === undefined ? {} : { extra: messages.event.number(sequence) },
    ),
    ...field(names.request, context?.request_id, { mono: true }),
    ...field(names.received, receivedText(event, zone, format), { extra: distance(event) }),
    ...field(names.reason, event.reason),
    ...field(names.session, context?.session_id, { mono: true }),
  ];
}

/** The request headers that the product kept, as `metadata.headers` holds them. */
function headersOf(event: AuditEvent): [string, string][] {
  const headers = event.metadata?.headers;
  if (headers === null || typeof headers !== "object" || Array.isArray(headers)) return [];
  return Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

/** From the client through the proxies to the product: the addresses in order. */
function chainOf(event: AuditEvent): string | null {
  const { ip, peer_ip } = event.origin ?? {};
  const forwarded = event.metadata?.forwarded_for;
  const between = Array.isArray(forwarded)
    ? forwarded.filter((one) => typeof one === "string")
    : [];
  const chain = [...new Set([ip, ...between, peer_ip].filter(Boolean))];
  return chain.length > 1 ? chain.join(" → ") : null;
}

/** Every field of the event that has a value, in the order of the API. */
export function allFields(event: AuditEvent, zone: string, format: DateFormat): Field[] {
  const { actor, origin, context, job } = event;
  const mono = { mono: true };
  const moment = (at: string | null | undefined): string | null =>
    at ? `${momentText(Date.parse(at), zone, format)} (${at})` : null;
  return [
    ...field(names.operation, event.operation),
    ...field(names.method, event.method),
    ...field(names.endpoint, event.endpoint, mono),
    ...field(names.status, event.status ?? messages.logs.notAvailable),
    ...field(names.outcome, messages.logs.outcomes[event.outcome ?? "unknown"]),
    ...field(names.severity, event.severity),
    ...field(names.stream, messages.logs.streams[event.stream]),
    ...field(names.category, event.category),
    ...field(names.occurred, moment(event.occurred_at)),
    ...field(
      names.received,
      moment(event.received_at),
      event.late ? { extra: messages.event.late } : {},
    ),
    ...field(names.actorKind, messages.logs.kinds[actor?.kind ?? ""] ?? actor?.kind),
    ...field(names.actorEmail, actor?.email),
    ...field(names.actorName, actor?.name),
    ...field(names.actorId, actor?.id, mono),
    ...field(names.actsAs, actor?.on_behalf_of ? principalText(actor.on_behalf_of) : null),
    ...field(names.ip, origin?.ip),
    ...field(names.peer, origin?.peer_ip),
    ...field(names.device, origin?.device_id),
    ...field(trail.details.chain, chainOf(event)),
    ...field(trail.details.client, agentText(origin?.user_agent)),
    ...field(names.agent, origin?.user_agent),
    ...(event.targets ?? []).flatMap((target) =>
      field(names.target, [target.type, target.id, target.name].filter(Boolean).join(" · ")),
    ),
    ...field(names.request, context?.request_id, mono),
    ...field(names.session, context?.session_id, mono),
    ...field(names.trace, context?.trace_id, mono),
    ...field(names.source, context?.source),
    ...field(names.version, context?.source_version),
    ...field(names.instance, context?.source_instance),
    ...field(names.sequence, context?.source_seq),
    ...field(messages.drawer.altered, context?.altered?.join(", ")),
    ...field(names.job, job?.id, mono),
    ...field(names.rootJob, job?.root_id, mono),
    ...field(names.parentJob, job?.parent_id, mono),
    ...field(names.attempt, job?.attempt),
    ...field(names.jobState, job?.state),
    ...field(names.queue, job?.queue),
    ...field(names.worker, job?.worker),
    ...field(names.scheduled, moment(job?.scheduled_for)),
    ...field(names.duration, job?.duration_ms == null ? null : lengthText(job.duration_ms)),
    ...field(names.reason, event.reason),
    ...headersOf(event).flatMap(([name, value]) => field(name, value, mono)),
    ...Object.entries(event.metadata ?? {})
      .filter(([name]) => name !== "headers")
      .flatMap(([name, value]) =>
        field(`metadata.${name}`, typeof value === "string" ? value : JSON.stringify(value)),
      ),
    ...field(names.reportedBy, event.reported_by),
    ...field(names.conflictOf, event.conflict_of, mono),
    ...field(names.id, event.id, mono),
  ];
}

export const shortHash = (hash: string): string =>
  hash.length > 12 ? `${hash.slice(0, 4)}…${hash.slice(-4)}` : hash;
