import { call } from "./client.ts";
import type { Sweeper } from "./retention.ts";

export const FULL_STATUS = ["full-status"] as const;

/** GET /v1/status/full, as the OpenAPI document has it. */
export interface FullStatus {
  version: string;
  tenant: { name: string; origin: string };
  now: string;
  ledger: {
    size: number;
    unsigned: number;
    checkpoint: { size: number; root: string; time: string } | null;
    checkpoint_age_s: number | null;
    queued_events: number;
    queue_limit: number;
  };
  index: {
    state: "ready" | "catching_up" | "restarting" | "failed";
    indexed_through: number;
    lag_entries: number;
    lag_s: number;
    restarts: number;
    detail: string | null;
    alerts: string[];
  };
  check: {
    state: "waiting" | "running" | "sound" | "fault";
    checked: number;
    done_at: string | null;
    done_size: number | null;
    fault_at: string | null;
    fault_entry: number | null;
    fault: string | null;
    every_hours: number;
  };
  disk: {
    ledger: number;
    control: number;
    index: number;
    free: number;
    total: number;
    bytes_per_day: number | null;
    full_in_days: number | null;
  } | null;
  memory: { service?: number; index?: number };
  sources: Source[] | null;
  source_days: number;
  expiry: Sweeper;
}

export interface Source {
  source: string;
  events: number;
  last_at: string;
  instances: number;
  missing: number;
}

export const fetchFullStatus = (signal?: AbortSignal): Promise<FullStatus> =>
  call<FullStatus>("v1/status/full", { signal });
