import type { Approval } from "./approvals.ts";
import { call } from "./client.ts";

export const HOLDS = ["holds"] as const;

/** What a hold asks for; all of it has to be true of an event. */
export interface HoldWish {
  categories?: string[];
  first_day?: string | null;
  last_day?: string | null;
  actor?: string;
  target?: string;
  query?: string;
  from?: string | null;
  to?: string | null;
}

export interface Hold {
  id: string;
  state: "placing" | "open" | "releasing" | "released";
  name: string;
  reason: string;
  wish: HoldWish;
  form: "clear" | "list";
  owner: { id: string; name: string };
  placed_at: string;
  entry: number | null;
  events: number;
  through: number | null;
  released_by: { id: string; name: string } | null;
  released_at: string | null;
  release_reason: string | null;
  release_entry: number | null;
  /** The request for a second person to release it, while that waits. */
  approval: string | null;
}

export interface HoldPreview {
  events: number;
  form: "clear" | "list";
  erasures: { id: string; case: string; state: string }[];
}

export const fetchHolds = async (signal?: AbortSignal): Promise<Hold[]> =>
  (await call<{ holds: Hold[] }>("v1/holds", { signal })).holds;

export const previewHold = (wish: HoldWish): Promise<HoldPreview> =>
  call("v1/holds/preview", { method: "POST", body: { wish } });

export const placeHold = (name: string, reason: string, wish: HoldWish): Promise<Hold> =>
  call("v1/holds", { method: "POST", body: { name, reason, wish } });

export const releaseHold = (
  id: string,
  reason: string,
): Promise<{ hold: Hold; approval: Approval | null }> =>
  call(`v1/holds/${id}/release`, { method: "POST", body: { reason } });
