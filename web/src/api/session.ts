import { useQuery, useQueryClient } from "@tanstack/react-query";
import { adoptPreferences } from "../controls/preferences.ts";
import { ApiProblem, call, keepCsrf } from "./client.ts";
import type { Session, Settings } from "./types.ts";

export const SESSION = ["session"] as const;

/** The session of this browser, or null when nobody is logged in. */
export async function fetchSession(): Promise<Session | null> {
  try {
    const session = await call<Session>("v1/session");
    keepCsrf(session.csrf);
    adoptPreferences(session.person.id, session.preferences);
    return session;
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 401) return null;
    throw problem;
  }
}

export function useSession() {
  return useQuery({
    queryKey: SESSION,
    queryFn: fetchSession,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Keeps a session that the service has just given, or forgets it. */
export function useKeepSession(): (session: Session | null) => void {
  const client = useQueryClient();
  return (session) => {
    keepCsrf(session?.csrf ?? "");
    if (session) adoptPreferences(session.person.id, session.preferences);
    client.setQueryData(SESSION, session);
  };
}

/** The password was right; a second factor is still to be shown. */
export interface SecondStep {
  step: string;
  ways: string[];
}

/** The password is that of accounts in several tenants: which one is it to be? */
export interface TenantStep extends SecondStep {
  tenants: string[];
}

export function chooseTenant(step: string, tenant: string): Promise<Session | SecondStep> {
  return call("v1/session/tenant", { method: "POST", body: { step, tenant } });
}

export function logIn(email: string, password: string): Promise<Session | SecondStep | TenantStep> {
  return call("v1/session", { method: "POST", body: { email, password } });
}

export function showFactor(step: string, code: string): Promise<Session> {
  return call<Session>("v1/session/factor", { method: "POST", body: { step, code } });
}

export function logOut(): Promise<void> {
  return call<void>("v1/session", { method: "DELETE" });
}

export function checkLink(token: string): Promise<{ email: string | null }> {
  return call("v1/setup/check", { method: "POST", body: { token } });
}

export function openWithLink(body: {
  token: string;
  email: string;
  name: string;
  password: string;
}): Promise<Session | SecondStep> {
  return call("v1/setup", { method: "POST", body });
}

export function saveSettings(changed: Partial<Settings>): Promise<Settings> {
  return call<Settings>("v1/settings", { method: "PATCH", body: changed });
}
