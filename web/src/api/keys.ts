import { call } from "./client.ts";
import type { ApiKey, KeyKind } from "./types.ts";
import type { Scope } from "./users.ts";

export const KEYS = ["keys"] as const;

export interface NewKey extends ApiKey {
  /** The key itself; the service shows it this once. */
  key: string;
}

export async function fetchKeys(signal?: AbortSignal): Promise<ApiKey[]> {
  return (await call<{ keys: ApiKey[] }>("v1/keys", { signal })).keys;
}

export interface KeyWish {
  name: string;
  kind: KeyKind;
  scope: Scope | null;
  expires_at: string | null;
  networks: string[];
}

export function createKey(wish: KeyWish): Promise<NewKey> {
  return call<NewKey>("v1/keys", { method: "POST", body: wish });
}

export function rotateKey(id: string, overlapHours: number): Promise<NewKey> {
  return call<NewKey>(`v1/keys/${encodeURIComponent(id)}/rotate`, {
    method: "POST",
    body: { overlap_hours: overlapHours },
  });
}

export function revokeKey(id: string): Promise<void> {
  return call<void>(`v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}
