import { call, type Parameters, text } from "./client.ts";
import type { AuditEvent, EventPage, Stats, Status } from "./types.ts";

export const fetchEvents = (parameters: Parameters, signal?: AbortSignal): Promise<EventPage> =>
  call("v1/events", { parameters, signal });

export const fetchEvent = (id: string, signal?: AbortSignal): Promise<AuditEvent> =>
  call(`v1/events/${encodeURIComponent(id)}`, { signal });

export const fetchStats = (parameters: Parameters, signal?: AbortSignal): Promise<Stats> =>
  call("v1/stats", { parameters, signal });

export const fetchStatus = (signal?: AbortSignal): Promise<Status> => call("v1/status", { signal });

export const proofPath = (id: string): string => `v1/events/${encodeURIComponent(id)}/proof`;

export const fetchProof = (id: string, signal?: AbortSignal): Promise<string> =>
  text(proofPath(id), signal);
