import { address, call, type Parameters, text } from "./client.ts";
import type { AuditEvent } from "./types.ts";

/** Steps, runs and the tree of why: lists that put events together. */

export interface Whose {
  actor: string | null;
  session: string | null;
  request: string | null;
}

export interface Step {
  number: number;
  event: AuditEvent;
  gap_s: number | null;
  failed: boolean;
  new_session: boolean;
  new_request: boolean;
}

export interface StepPage {
  of: Whose;
  steps: Step[];
  total: number;
  next_cursor: string | null;
  range: { from: string | null; to: string | null; tz: string };
  indexed_through: number;
}

export const COPY_FORMS = ["markdown", "csv", "pytest", "curl", "har"] as const;
export type CopyForm = (typeof COPY_FORMS)[number];

export const fetchSteps = (parameters: Parameters, signal?: AbortSignal): Promise<StepPage> =>
  call("v1/steps", { parameters, signal });

export const fetchCopy = (
  parameters: Parameters,
  format: CopyForm,
  signal?: AbortSignal,
): Promise<string> => {
  const url = address("v1/steps/copy", { ...parameters, format });
  return text(url, signal);
};

export type RunState =
  | "queued"
  | "running"
  | "retrying"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "unknown";

export interface Run {
  id: string;
  operation: string;
  state: RunState;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  usual_ms: number | null;
  overdue: boolean;
  attempts: number;
  jobs: number;
  entries: number;
  queue: string | null;
  worker: string | null;
  caused_by: { kind: string; name: string; event_id: string | null } | null;
}

export interface RunTotals {
  runs: number;
  entries: number;
  by_state: Partial<Record<RunState, number>>;
  median_ms: number | null;
}

export interface RunPage {
  runs: Run[];
  next_cursor: string | null;
  totals: RunTotals | null;
  explained: string;
  indexed_through: number;
}

export interface Attempt {
  job_id: string;
  parent_id: string | null;
  operation: string;
  attempt: number;
  state: "queued" | "started" | "succeeded" | "failed" | "retried" | "cancelled" | "unknown";
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  queue: string | null;
  worker: string | null;
  reason: string | null;
  entries: AuditEvent[];
}

export interface RunDetail {
  run: Run;
  attempts: Attempt[];
  cut: boolean;
}

export const fetchRuns = (parameters: Parameters, signal?: AbortSignal): Promise<RunPage> =>
  call("v1/runs", { parameters, signal });

export const fetchRun = (id: string, signal?: AbortSignal): Promise<RunDetail> =>
  call(`v1/runs/${encodeURIComponent(id)}`, { signal });

export interface WhyNode {
  key: string;
  kind: "actor" | "session" | "request" | "job" | "event";
  parent: string | null;
  depth: number;
  label: string;
  at: string | null;
  event: AuditEvent | null;
  missing: boolean;
  cut: boolean;
}

export interface Why {
  focus: string;
  because: AuditEvent | null;
  path: string[];
  nodes: WhyNode[];
  partial: ("events" | "ids" | "rounds" | "cycle" | "missing")[];
  looked_from: string;
  looked_to: string;
}

export const fetchWhy = (id: string, signal?: AbortSignal): Promise<Why> =>
  call(`v1/events/${encodeURIComponent(id)}/why`, { signal });
