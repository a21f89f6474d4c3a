import { applyLook } from "./look.ts";
import { hostOrigin } from "./mode.ts";

/** What frame and host say to each other (docs/how-to/embed.md); audit-log.js is the other side. */
const VERSION = 1;
const PATIENCE_MS = 10_000;

export type Reason = "no-token" | "expired" | "refused";

let take: ((token: string | null) => void) | null = null;
let unasked: (token: string) => void = () => {};

const isFramed = (): boolean => parent !== window && hostOrigin !== null;

function tell(message: Record<string, unknown>): void {
  if (isFramed()) parent.postMessage({ indelible: VERSION, ...message }, hostOrigin as string);
}

function hear(event: MessageEvent): void {
  if (event.source !== parent || event.origin !== hostOrigin) return;
  const said = event.data as Record<string, unknown> | null;
  if (said === null || typeof said !== "object" || said.indelible !== VERSION) return;
  if (said.type === "theme") applyLook(said.theme, said.properties);
  if (said.type !== "token") return;
  // Null tells that the host has none to give now.
  const token = typeof said.token === "string" && said.token ? said.token : null;
  if (take) take(token);
  else if (token !== null) unasked(token);
}

/** Begins to listen; `onToken` is given what the host sends without being asked. */
export function listen(onToken: (token: string) => void): void {
  unasked = onToken;
  if (isFramed()) addEventListener("message", hear);
}

/** Asks the host for a token; null when none comes in time, or there is nobody to ask. */
export function askForToken(type: "ready" | "token-wanted"): Promise<string | null> {
  if (!isFramed()) return Promise.resolve(null);
  return new Promise((resolve) => {
    const end = (token: string | null) => {
      take = null;
      clearTimeout(timer);
      resolve(token);
    };
    const timer = setTimeout(end, PATIENCE_MS, null);
    take = end;
    tell({ type });
  });
}

export const tellShown = (): void => tell({ type: "shown" });
export const tellEnded = (reason: Reason): void => tell({ type: "ended", reason });

/** The token behind `#` in the address, which no request carries; it does not stay there. */
export function tokenInAddress(): string | null {
  const token = location.hash.slice(1).replace(/^token=/, "");
  if (!token) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}
