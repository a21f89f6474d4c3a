import { call, type Parameters } from "./client.ts";
import type { TimeRange } from "./types.ts";

/** GET /v1/summary and /v1/changes, as the OpenAPI document has them. */
export interface Periods {
  this: TimeRange;
  other: TimeRange;
  whole_this: TimeRange;
  whole_other: TimeRange;
  so_far: boolean;
}

export interface ChangedLine {
  key: string | null;
  include: string | null;
  count: number;
  failed: number;
  previous: number;
  previous_failed: number;
}

export interface SummaryLine extends ChangedLine {
  first: string;
  last: string;
}

export interface Amount {
  events: number;
  failed: number;
}

export interface NewValues {
  seen: number;
  first_time: number;
  values: string[];
}

export interface SummaryBar {
  at: string;
  count: number;
  other_at: string;
  other: number;
}

export interface Summary {
  by: string;
  periods: Periods;
  explained: string;
  when: string;
  now: Amount;
  previous: Amount;
  people: NewValues;
  operations: NewValues;
  interval_s: number;
  bars: SummaryBar[];
  lines: SummaryLine[];
  values: number;
  indexed_through: number;
}

export type ChangeKind = "new" | "gone" | "more" | "less" | "failing";

export interface Changes {
  periods: Periods;
  dimensions: {
    by: string;
    changes: { kind: ChangeKind; total: number; lines: ChangedLine[] }[];
  }[];
  indexed_through: number;
}

export const fetchSummary = (parameters: Parameters, signal?: AbortSignal): Promise<Summary> =>
  call("v1/summary", { parameters, signal });

export const fetchChanges = (parameters: Parameters, signal?: AbortSignal): Promise<Changes> =>
  call("v1/changes", { parameters, signal });
