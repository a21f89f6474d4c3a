import { call } from "./client.ts";

export const FACTORS = ["factors"] as const;
export const LOGINS = ["logins"] as const;

export interface Factors {
  totp: boolean;
  recovery_left: number;
  passkeys: number;
  required: boolean;
  /** False where somebody else vouches for the account. */
  password: boolean;
}

export interface Secret {
  secret: string;
  uri: string;
  /** Rows of the code to be scanned, "1" for a dark module. */
  qr: string[];
}

export interface Login {
  id: string;
  way: string;
  began_at: string;
  seen_at: string;
  ends_at: string;
  ip: string | null;
  user_agent: string | null;
  is_this: boolean;
}

export const fetchFactors = (signal?: AbortSignal): Promise<Factors> =>
  call<Factors>("v1/session/factors", { signal });

/** Gives how many other logins ended with it. */
export const changePassword = async (current: string, wanted: string): Promise<number> =>
  (
    await call<{ ended: number }>("v1/session/password", {
      method: "POST",
      body: { current, new: wanted },
    })
  ).ended;

export const beginTotp = (): Promise<Secret> =>
  call<Secret>("v1/session/factors/totp", { method: "POST" });

export const confirmTotp = async (code: string): Promise<string[]> =>
  (
    await call<{ recovery_codes: string[] }>("v1/session/factors/totp/confirm", {
      method: "POST",
      body: { code },
    })
  ).recovery_codes;

export const removeTotp = (): Promise<void> =>
  call<void>("v1/session/factors/totp", { method: "DELETE" });

export const renewRecovery = async (): Promise<string[]> =>
  (await call<{ recovery_codes: string[] }>("v1/session/factors/recovery", { method: "POST" }))
    .recovery_codes;

export const confirmLogin = (shown: { password: string } | { code: string }): Promise<void> =>
  call<void>("v1/session/confirm", { method: "POST", body: shown });

export const fetchLogins = async (signal?: AbortSignal): Promise<Login[]> =>
  (await call<{ logins: Login[] }>("v1/session/logins", { signal })).logins;

export const endLogin = (id: string): Promise<void> =>
  call<void>(`v1/session/logins/${encodeURIComponent(id)}`, { method: "DELETE" });

export const endOtherLogins = (): Promise<{ ended: number }> =>
  call("v1/session/logins", { method: "DELETE" });

export const fetchLoginsOf = async (id: string, signal?: AbortSignal): Promise<Login[]> =>
  (await call<{ logins: Login[] }>(`v1/users/${encodeURIComponent(id)}/logins`, { signal })).logins;

export const endLoginsOf = (id: string): Promise<{ ended: number }> =>
  call(`v1/users/${encodeURIComponent(id)}/logins`, { method: "DELETE" });

export const resetFactors = (id: string): Promise<void> =>
  call<void>(`v1/users/${encodeURIComponent(id)}/factors`, { method: "DELETE" });
