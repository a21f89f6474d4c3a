import { call, type Parameters } from "./client.ts";
import type { AuditEvent, StatsGroup, TimeRange } from "./types.ts";

/** GET /v1/profile and /v1/targets/history, as the OpenAPI document has them. */
export interface ProfileValue {
  key: string | null;
  include: string | null;
  count: number;
  failed: number;
}

export interface Profile {
  include: string;
  events: number;
  failed: number;
  first: string | null;
  last: string | null;
  interval_s: number;
  bars: StatsGroup[];
  related: { by: string; values: ProfileValue[] }[];
  indexed_through: number;
}

export interface Seam {
  path: string;
  /** The change names no value before: whether the field was changed is not known. */
  unsaid: boolean;
  left: unknown;
  found: unknown;
  since: string;
  since_index: number;
}

export interface HistoryStep {
  event: AuditEvent;
  applied: boolean;
  erased: boolean;
  seams: Seam[];
}

export interface History {
  name: string | null;
  steps: HistoryStep[];
  created: number | null;
  updated: number | null;
  total: number;
  cut: boolean;
}

export const fetchProfile = (
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<{ of: string; profile: Profile; range: TimeRange }> =>
  call("v1/profile", { parameters, signal });

export const fetchHistory = (parameters: Parameters, signal?: AbortSignal): Promise<History> =>
  call("v1/targets/history", { parameters, signal });
