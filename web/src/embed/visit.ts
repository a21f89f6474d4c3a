import { ApiProblem, call, keepBearer } from "../api/client.ts";
import type { Session, Settings, Stream } from "../api/types.ts";
import { setLanguageOfPage } from "../text/language.ts";
import { askForToken, listen, type Reason, tellEnded, tokenInAddress } from "./host.ts";
import { beginWith } from "./look.ts";
import { hostOrigin } from "./mode.ts";

/** GET /v1/embed/session, as the OpenAPI document has it. */
interface Visit {
  subject: { id: string; name?: string; email?: string | null };
  tenant: { name: string };
  title: string;
  settings: Settings;
  locale: "en" | "de" | null;
  theme: "light" | "dark" | "system";
  streams: Stream[] | null;
  export: boolean;
  lock: string;
  expires_at: string;
  now: string;
}

const EARLY_MS = 60_000;

let lock: string | null = null;
let timers: ReturnType<typeof setTimeout>[] = [];
let renewing: Promise<boolean> | null = null;
let isOver = false;
let onEnd: (reason: Reason) => void = () => {};

/** Tells `then` when the view is over; what was read is not to be shown any more. */
export function whenEnded(then: (reason: Reason) => void): void {
  onEnd = then;
}

function end(reason: Reason): void {
  if (isOver) return;
  isOver = true;
  keepBearer("", null);
  plan([]);
  tellEnded(reason);
  onEnd(reason);
}

function plan(acts: [number, () => unknown][]): void {
  for (const timer of timers) clearTimeout(timer);
  timers = acts.map(([ms, act]) => setTimeout(act, ms));
}

/** Takes a token into memory and asks what it shows. Raises ApiProblem when it is refused. */
async function enter(token: string): Promise<Visit> {
  const visit = await call<Visit>("v1/embed/session", {
    parameters: { origin: hostOrigin },
    headers: { authorization: `Bearer ${token}` },
  });
  if (isOver || (lock !== null && lock !== visit.lock)) {
    // Another person, or another part of the log: nothing of the one before may stay.
    location.reload();
  }
  lock = visit.lock;
  keepBearer(token, renewOrEnd);
  const left = Date.parse(visit.expires_at) - Date.parse(visit.now);
  // Asked for early, so that nobody waits; without a new one the view ends on time.
  plan([
    [Math.max(0, left - Math.min(EARLY_MS, left / 2)), renew],
    [Math.max(0, left), renewOrEnd],
  ]);
  return visit;
}

/** Asks the host for another token; whether one came. Calls at the same time share one question. */
function renew(): Promise<boolean> {
  renewing ??= askAgain().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function askAgain(): Promise<boolean> {
  const token = await askForToken("token-wanted");
  if (token === null) return false;
  try {
    await enter(token);
    return true;
  } catch {
    return false;
  }
}

async function renewOrEnd(): Promise<boolean> {
  if (await renew()) return true;
  end("expired");
  return false;
}

/** The first token and what it shows, or why there is nothing to show. */
export async function open(): Promise<Session | Reason> {
  listen((token) => void enter(token).catch(() => {}));
  let token = tokenInAddress() ?? (await askForToken("ready"));
  let reason: Reason = "no-token";
  for (let attempt = 0; token !== null && attempt < 2; attempt += 1) {
    try {
      return sessionOf(await enter(token));
    } catch (problem) {
      const isEnded = problem instanceof ApiProblem && problem.status === 401;
      reason = isEnded ? "expired" : "refused";
      token = isEnded ? await askForToken("token-wanted") : null;
    }
  }
  isOver = true;
  tellEnded(reason);
  return reason;
}

function sessionOf(visit: Visit): Session {
  if (visit.locale) setLanguageOfPage(visit.locale);
  beginWith(visit.theme);
  const { subject, tenant, settings } = visit;
  return {
    person: { id: subject.id, email: subject.email ?? "", name: subject.name ?? "", role: "" },
    tenant: { name: tenant.name, origin: "" },
    csrf: "",
    expires_at: visit.expires_at,
    settings,
    version: "",
    has_events: true,
    needs_factor: false,
    embed: { title: visit.title, streams: visit.streams, mayExport: visit.export },
  };
}
