import type { Approval } from "./approvals.ts";
import { call } from "./client.ts";

export const TENANTS = ["tenants"] as const;

/** What would be gone; days are null for a log without events. */
export interface TenantNumbers {
  events: number;
  entries: number;
  first_day: string | null;
  last_day: string | null;
  people: number;
  keys: number;
  viewer_tokens: number;
  views: number;
  exports: number;
  holds: number;
  floors: number;
}

export interface TenantDeletion {
  id: string;
  state: string;
  reason: string;
  asked_by: { id: string; name: string };
  approved_by: { id: string; name: string };
  approved_at: string;
  due_at: string;
  ended_at: string | null;
  note: string | null;
  numbers: TenantNumbers;
  has_certificate: boolean;
}

export interface Tenant {
  name: string;
  origin: string;
  entries: number;
  is_home: boolean;
  approval: Approval | null;
  deletion: TenantDeletion | null;
}

export interface DeletedTenant {
  name: string;
  origin: string;
  deletion: TenantDeletion;
}

export interface Tenants {
  tenants: Tenant[];
  deleted: DeletedTenant[];
  deletion_days: number;
}

export interface Obstacle {
  code: string;
  detail: string;
  until: string | null;
}

export interface Consequence {
  numbers: TenantNumbers;
  obstacles: Obstacle[];
  deletion_days: number;
  deciders: number;
}

const deletionOf = (name: string): string => `v1/tenants/${encodeURIComponent(name)}/deletion`;

export const fetchTenants = (signal?: AbortSignal): Promise<Tenants> =>
  call("v1/tenants", { signal });

export const fetchConsequence = (name: string, signal?: AbortSignal): Promise<Consequence> =>
  call(deletionOf(name), { signal });

export const askDeletion = (name: string, typed: string, reason: string): Promise<Approval> =>
  call(deletionOf(name), { method: "POST", body: { name: typed, reason } });

export const withdrawDeletion = (name: string, reason: string): Promise<Tenant> =>
  call(`${deletionOf(name)}/withdraw`, { method: "POST", body: { reason } });

export const deletionCertificate = (name: string, format: "json" | "pdf"): string =>
  `v1/tenants/${encodeURIComponent(name)}/certificate?format=${format}`;
