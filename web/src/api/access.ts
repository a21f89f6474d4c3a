import { address, call } from "./client.ts";
import type { KeyKind } from "./types.ts";
import type { Scope } from "./users.ts";

export const ACCESS = ["access-review"] as const;

export interface PersonAccess {
  id: string;
  email: string;
  name: string;
  role: string;
  active: boolean;
  /** The part of the log that is seen; null is all of it. */
  scope: Scope | null;
  factors: string[];
  /** Who vouches for the account; null: its own password. */
  issuer: string | null;
  provisioned: boolean;
  groups: string[];
  created_at: string;
  last_seen_at: string | null;
  logins: number;
}

export interface InvitedAccess {
  id: string;
  email: string;
  role: string;
  created_at: string;
  expires_at: string;
  scope: Scope | null;
}

export interface KeyAccess {
  id: string;
  name: string;
  kind: KeyKind;
  scope: Scope | null;
  networks: string[];
  expires_at: string | null;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** GET /v1/access-review: everybody and everything that can reach this log. */
export interface AccessReview {
  at: string;
  people: PersonAccess[];
  invitations: InvitedAccess[];
  keys: KeyAccess[];
}

export const fetchAccess = (signal?: AbortSignal): Promise<AccessReview> =>
  call<AccessReview>("v1/access-review", { signal });

/** The same as a table; fetching it is an event. */
export const accessFile = (): string => address("v1/access-review", { format: "csv" });
