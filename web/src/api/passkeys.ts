import { call } from "./client.ts";
import type { Session } from "./types.ts";

export const PASSKEYS = ["passkeys"] as const;

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  used_at: string | null;
}

interface Asked {
  step: string;
  options: Record<string, unknown>;
}

/** Whether this browser can make and use passkeys here: HTTPS, or the machine itself. */
export const canUsePasskeys = (): boolean =>
  isSecureContext && typeof PublicKeyCredential !== "undefined";

export const fetchPasskeys = async (signal?: AbortSignal): Promise<Passkey[]> =>
  (await call<{ passkeys: Passkey[] }>("v1/session/passkeys", { signal })).passkeys;

export const removePasskey = (id: string): Promise<void> =>
  call<void>(`v1/session/passkeys/${encodeURIComponent(id)}`, { method: "DELETE" });

/** Makes a passkey: the device asks its owner, the service keeps the public key. */
export async function makePasskey(name: string): Promise<void> {
  const { step, options } = await call<Asked>("v1/session/passkeys/options", { method: "POST" });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
  if (made === null) throw new DOMException("", "NotAllowedError");
  await call<void>("v1/session/passkeys", {
    method: "POST",
    body: { step, name, credential: made.toJSON() },
  });
}

async function sign(): Promise<{ step: string; credential: unknown }> {
  const { step, options } = await call<Asked>("v1/session/passkey/options", { method: "POST" });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  const signed = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
  if (signed === null) throw new DOMException("", "NotAllowedError");
  return { step, credential: signed.toJSON() };
}

export const logInWithPasskey = async (): Promise<Session> =>
  call<Session>("v1/session/passkey", { method: "POST", body: await sign() });

export const confirmWithPasskey = async (): Promise<void> =>
  call<void>("v1/session/passkey/confirm", { method: "POST", body: await sign() });
