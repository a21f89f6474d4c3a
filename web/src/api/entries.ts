import { call } from "./client.ts";

/** GET /v1/entries/{index}: what lies in the ledger at one place. */
export interface LedgerEntry {
  index: number;
  type: "event" | "erasure" | "expiry" | "policy" | "hold" | "keys" | "genesis" | "unknown";
  category_id: number;
  day: string;
  leaf_hash: string;
  /** The whole leaf in hex, of an entry that is no event. */
  leaf: string | null;
}

export const fetchEntry = (index: number, signal?: AbortSignal): Promise<LedgerEntry> =>
  call(`v1/entries/${index}`, { signal });
