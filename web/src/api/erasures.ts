import type { Approval } from "./approvals.ts";
import { call, callFile } from "./client.ts";

export const ERASURES = ["erasures"] as const;

export type Part = "fact" | "person" | "content";
export type IdentifierKind = "email" | "id" | "address" | "name";

export interface Identifier {
  kind: IdentifierKind;
  value: string;
}

/** A person, or single entries; and the parts that shall go. */
export interface Look {
  identifiers?: Identifier[];
  entries?: number[];
  parts: Part[];
  whole_events: boolean;
}

export interface Left {
  why: "not-chosen" | "reserved" | "floor" | "hold";
  part: Part;
  category: string;
  events: number;
  until: string | null;
  holds: string[];
  indices: number[];
  paths: string[];
}

export interface Found {
  found: number;
  events: number;
  parts: Record<Part, number>;
  categories: { category: string; events: number }[];
  left: Left[];
  known: (Identifier & { events: number })[];
  sample: {
    index: number;
    id: string | null;
    occurred_at: string | null;
    category: string | null;
    operation: string | null;
    goes: Part[];
  }[];
  places: { kind: string; name: string; at: string | null; goes: boolean }[];
  needs_approval: boolean;
  deciders: number;
}

export interface Erasure {
  id: string;
  state: "waiting" | "approved" | "removing" | "done" | "refused" | "withdrawn" | "expired";
  case: string;
  reason: string;
  parts: Part[];
  note: string;
  asked_by: { id: string; name: string };
  asked_at: string;
  approved_by: { id: string; name: string } | null;
  due_at: string | null;
  ended_at: string | null;
  found: number;
  events: number;
  erased: Partial<Record<Part, number>>;
  left: Left[];
  entries: number[];
  exports: string[];
  has_certificate: boolean;
  approval: Approval | null;
}

export interface ErasureWish extends Look {
  reason: string;
  case: string;
  note: string;
  at_once: boolean;
}

export const fetchErasures = async (signal?: AbortSignal): Promise<Erasure[]> =>
  (await call<{ erasures: Erasure[] }>("v1/erasures", { signal })).erasures;

export const lookFor = (look: Look): Promise<Found> =>
  call("v1/erasures/preview", { method: "POST", body: look });

export const askToErase = (wish: ErasureWish): Promise<Erasure> =>
  call("v1/erasures", { method: "POST", body: wish });

/** Everything held on a person, as a ZIP. */
export const exportSubject = (identifiers: readonly Identifier[]): Promise<Blob> =>
  callFile("v1/subjects/export", { method: "POST", body: { identifiers } });

export const certificateAddress = (id: string, format: "json" | "pdf"): string =>
  `v1/erasures/${encodeURIComponent(id)}/certificate?format=${format}`;
