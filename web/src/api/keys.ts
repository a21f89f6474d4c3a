import { call } from "./client.ts";
import type { ApiKey, KeyKind } from "./types.ts";

export const KEYS = ["keys"] as const;

export interface NewKey extends ApiKey {
  /** The key itself; the service shows it this once. */
  key: string;
}

export async function fetchKeys(signal?: AbortSignal): Promise<ApiKey[]> {
  return (await call<{ keys: ApiKey[] }>("v1/keys", { signal })).keys;
}

export function createKey(name: string, kind: KeyKind): Promise<NewKey> {
  return call<NewKey>("v1/keys", { method: "POST", body: { name, kind } });
}

export function revokeKey(id: string): Promise<void> {
  return call<void>(`v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}
