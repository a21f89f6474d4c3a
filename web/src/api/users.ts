import { call } from "./client.ts";

export const USERS = ["users"] as const;

/** Roles that can be given. */
export type Role = "viewer" | "auditor" | "admin";

/** The part of the log that somebody or a key is bound to; what is missing asks for nothing. */
export interface Scope {
  streams?: string[] | null;
  categories?: string[] | null;
  sources?: string[] | null;
  targets?: { type: string; id: string }[] | null;
}

export interface User {
  id: string;
  email: string;
  name: string;
  role: string;
  created_at: string;
  last_seen_at: string | null;
  logins: number;
  is_you: boolean;
  scope: Scope | null;
  active: boolean;
  issuer: string | null;
  /** A directory keeps it by SCIM, with its groups there. */
  provisioned: boolean;
  groups: string[];
  factors: string[];
}

export interface Invitation {
  id: string;
  email: string;
  role: string;
  created_at: string;
  expires_at: string;
  scope: Scope | null;
}

export interface Users {
  users: User[];
  invitations: Invitation[];
}

export interface OneTimeLink {
  email: string;
  /** Behind the address of the service; shown this once. */
  path: string;
  valid_hours: number;
}

export function fetchUsers(signal?: AbortSignal): Promise<Users> {
  return call<Users>("v1/users", { signal });
}

export function invite(email: string, role: Role, scope: Scope | null): Promise<OneTimeLink> {
  return call<OneTimeLink>("v1/users", { method: "POST", body: { email, role, scope } });
}

export function withdrawInvitation(id: string): Promise<void> {
  return call<void>(`v1/users/invitations/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function changeRole(id: string, role: Role, scope: Scope | null): Promise<User> {
  return call<User>(`v1/users/${encodeURIComponent(id)}`, {
    method: "PATCH",
    body: { role, scope },
  });
}

export function removeUser(id: string): Promise<void> {
  return call<void>(`v1/users/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function makeLink(id: string): Promise<OneTimeLink> {
  return call<OneTimeLink>(`v1/users/${encodeURIComponent(id)}/link`, { method: "POST" });
}
