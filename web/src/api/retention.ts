import type { Approval } from "./approvals.ts";
import { call } from "./client.ts";
import type { Stream } from "./types.ts";

/** Categories and retention, as in GET /v1/retention and its neighbours. Days are null for ever. */

export type KeepPart = "fact" | "person" | "content";
export const KEEP_PARTS: readonly KeepPart[] = ["fact", "person", "content"];
export type Days = number | null;
export type Keep = Record<KeepPart, Days>;
export type Criticality = "high" | "normal" | "low";

export interface Floor {
  parts: KeepPart[];
  min_days: number;
  until_day: string | null;
  built_in?: boolean;
}

/** All fields that are given have to match; "*" stands for anything. */
export interface Rule {
  stream: Stream | null;
  method: string | null;
  operation: string | null;
  endpoint: string | null;
}

export interface PendingPart {
  effective_day: string;
  recording: "on" | "off" | null;
  keep: Partial<Keep>;
}

export interface Category {
  id: number;
  name: string;
  label: string;
  description: string;
  built_in: boolean;
  streams: Stream[];
  criticality: Criticality;
  recording: "on" | "off" | "always";
  keep: Keep;
  pending: PendingPart | null;
  floors: Floor[];
  holds: string[];
  rules: Rule[];
  off_since: string | null;
  skipped: number;
}

export type Effect =
  | "shorter"
  | "longer"
  | "off"
  | "on"
  | "new"
  | "floor-raised"
  | "text"
  | "rules";

export interface PolicyChange {
  category: string;
  label: string;
  path: string;
  before: unknown;
  after: unknown;
  effect: Effect;
  effective_day: string;
}

export interface PendingPolicy {
  version: number;
  index: number;
  effective_day: string;
  saved_at: string | null;
  saved_by: string | null;
  reason: string | null;
  changes: PolicyChange[];
}

export interface ClockDoubt {
  doubt: "jump" | "behind" | "pause";
  seconds: number;
  approval: Approval | null;
}

export interface Sweeper {
  state: "idle" | "sweeping" | "waiting" | "stopped";
  detail: string | null;
  last_sweep_at: string | null;
  waits_for: "index" | "clock" | null;
  /** Why the clock is in doubt, and the request that asks a second person to confirm it. */
  clock: ClockDoubt | null;
  last: { index: number; at: string; events: number } | null;
}

export interface Retention {
  version: number;
  effective_day: string;
  index: number;
  saved_at: string | null;
  saved_by: string | null;
  reason: string | null;
  today: string;
  notice_days: number;
  categories: Category[];
  pending: PendingPolicy | null;
  sweeper: Sweeper;
  history_total: number;
  /** In the answer to a save that waits for a second person: the request that was made. */
  approval?: Approval | null;
}

export interface CategoryEdit {
  name: string;
  enabled?: boolean;
  keep?: Partial<Keep>;
}

export interface FloorEdit {
  category: string;
  parts: KeepPart[];
  min_days: number;
  until_day: string | null;
}

export interface PolicyEdit {
  base_version: number;
  categories: CategoryEdit[];
  floors?: FloorEdit[];
  reason?: string;
}

export interface Fault {
  category: string | null;
  path: string | null;
  detail: string;
}

interface GoesAt {
  first_day: string | null;
  last_day: string | null;
}

export interface PreviewedCategory {
  category: string;
  label: string;
  parts: KeepPart[];
  effect: Effect;
  before: Partial<Keep>;
  after: Partial<Keep>;
  recorded: { events: number; oldest: string | null; newest: string | null };
  go: GoesAt;
  go_before: GoesAt;
  new_events: { from_day: string; first_gone_day: string | null; per_day: number };
  held: { events: number; holds: string[]; by: { name: string; events: number }[] };
}

export interface Preview {
  base_version: number;
  version: number;
  effective_day: string;
  needs_reason: boolean;
  needs_approval: boolean;
  faults: Fault[];
  changes: PolicyChange[];
  categories: PreviewedCategory[];
  totals: {
    events: number;
    due_now: number;
    oldest: string | null;
    newest: string | null;
    held: number;
    new_per_day: number;
  };
  views: { id: string; name: string }[];
  alerts: { id: string; name: string }[];
}

/** What another administrator saved meanwhile (409 `policy-changed`). */
export interface Conflict {
  version: number;
  by: string | null;
  at: string | null;
  changes: PolicyChange[];
}

export interface Preset {
  name: string;
  title: string;
  description: string;
  categories: { name: string; keep: Partial<Keep> }[];
  floors: FloorEdit[];
}

export interface PastPolicy {
  version: number;
  index: number;
  day: string;
  effective_day: string;
  saved_at: string | null;
  saved_by: string | null;
  reason: string | null;
  changes: PolicyChange[];
  withdraws: number | null;
}

export interface Expiry {
  index: number;
  day: string;
  category: string;
  parts: KeepPart[];
  cutoff_day: string;
  upto: number;
  policy_index: number;
  state: "declared" | "indexed" | "removed" | "done";
  events: number | null;
  done_at: string | null;
}

export interface CategoryTest {
  stream?: Stream;
  method?: string;
  operation: string;
  endpoint?: string;
  category?: string;
  rules?: Record<string, Rule[]>;
}

export interface CategoryFound {
  category: string;
  label: string;
  by: "sender" | "rule" | "built-in" | "default";
  rule: Rule | null;
  position: number | null;
  recorded: boolean;
  keep: Keep;
  /** What else would have the event, in the order in which rules are tried. */
  others: OtherCategory[];
}

export interface OtherCategory {
  category: string;
  label: string;
  by: "rule" | "built-in" | "default";
  position: number | null;
}

export interface CategoryBody {
  base_version: number;
  label?: string;
  description?: string;
  criticality?: Criticality;
  rules?: Rule[];
  reason?: string;
}

export const RETENTION = ["retention"] as const;
export const HISTORY = ["retention", "history"] as const;
export const EXPIRIES = ["retention", "expiries"] as const;

export const fetchRetention = (signal?: AbortSignal): Promise<Retention> =>
  call("v1/retention", { signal });

/** Saved, or waiting for a second person. */
export const saveRetention = (edit: PolicyEdit): Promise<Retention> =>
  call("v1/retention", { method: "PUT", body: edit });

export const previewRetention = (edit: PolicyEdit, signal?: AbortSignal): Promise<Preview> =>
  call("v1/retention/preview", { method: "POST", body: edit, signal });

export const withdrawPending = (base_version: number, reason: string): Promise<Retention> =>
  call("v1/retention/withdraw", { method: "POST", body: { base_version, reason } });

export const fetchPresets = (signal?: AbortSignal): Promise<{ presets: Preset[] }> =>
  call("v1/retention/presets", { signal });

export const fetchHistory = (
  before: number | null,
  signal?: AbortSignal,
): Promise<{ policies: PastPolicy[]; more: boolean }> =>
  call("v1/retention/history", { parameters: { limit: 20, before }, signal });

export const fetchExpiries = (signal?: AbortSignal): Promise<{ expiries: Expiry[] }> =>
  call("v1/retention/expiries", { parameters: { limit: 20 }, signal });

export const createCategory = (
  body: CategoryBody & { name: string; keep?: Keep },
): Promise<Category> => call("v1/categories", { method: "POST", body });

export const changeCategory = (name: string, body: CategoryBody): Promise<Category> =>
  call(`v1/categories/${encodeURIComponent(name)}`, { method: "PATCH", body });

export const testCategory = (event: CategoryTest): Promise<CategoryFound> =>
  call("v1/categories/test", { method: "POST", body: event });

export const confirmClock = (reason: string): Promise<unknown> =>
  call("v1/retention/clock", { method: "POST", body: { reason } });
