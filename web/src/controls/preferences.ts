import { ApiProblem, call } from "../api/client.ts";
import { isEmbedded } from "../embed/mode.ts";
import { RECENT_SEARCHES, readStored, tellStored, writeStored } from "./stored.ts";

/**
 * How a person likes the list. The account keeps it, key by key; the copy of the browser draws the
 * page before the service was asked, and stands in where the service cannot be reached.
 */
export interface Preferences {
  columns?: { shown: readonly string[]; pinned: readonly string[]; widths: object };
  density?: "compact" | "cosy";
  times?: "absolute" | "relative";
}

type Name = keyof Preferences;

const NAMES: readonly Name[] = ["columns", "density", "times"];
const AT_START: readonly unknown[] = ["compact", "absolute"];

/** What the browser keeps for what the account says; null is as at the start. */
function copyOf(value: Preferences[Name]): string | null {
  if (value === undefined || AT_START.includes(value)) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Changes that the account does not have yet; they outlast the page. */
const UNSENT = "unsent";
const OWNER = "look-of";
/** A column that is dragged changes with each move of the pointer. */
const QUIET_MS = 400;

let timer: ReturnType<typeof setTimeout> | undefined;
let isSending = false;

function unsent(): Preferences {
  try {
    return (JSON.parse(readStored(UNSENT) ?? "{}") ?? {}) as Preferences;
  } catch {
    return {};
  }
}

function keepUnsent(left: Preferences): void {
  writeStored(UNSENT, Object.keys(left).length > 0 ? JSON.stringify(left) : null);
}

/** Keeps a choice here at once, and by the account in a moment. */
export function keepPreference<N extends Name>(name: N, value: NonNullable<Preferences[N]>): void {
  writeStored(name, copyOf(value));
  if (!isEmbedded) {
    keepUnsent({ ...unsent(), [name]: value });
    plan();
  }
  tellStored();
}

function plan(): void {
  clearTimeout(timer);
  timer = setTimeout(send, QUIET_MS);
}

async function send(): Promise<void> {
  timer = undefined;
  if (isSending) return plan();
  const sent = unsent();
  if (Object.keys(sent).length === 0) return;
  isSending = true;
  let isOver = true;
  try {
    await call("v1/session/preferences", { method: "PATCH", body: sent, keepalive: true });
  } catch (problem) {
    // What the service does not want it will not want later either; the rest waits for the next
    // change, or the next time that the page is opened.
    isOver = problem instanceof ApiProblem && problem.status === 400;
  } finally {
    isSending = false;
  }
  if (!isOver) return;
  const left = unsent();
  for (const name of NAMES) {
    if (JSON.stringify(left[name]) === JSON.stringify(sent[name])) delete left[name];
  }
  keepUnsent(left);
  if (Object.keys(left).length > 0) plan();
}

/** Takes over what the account keeps. What this browser could not send yet is newer. */
export function adoptPreferences(person: string, kept: Preferences | undefined): void {
  if (isEmbedded) return;
  const owner = readStored(OWNER);
  if (owner !== null && owner !== person) {
    for (const name of [...NAMES, UNSENT, RECENT_SEARCHES]) writeStored(name, null);
  }
  writeStored(OWNER, person);
  const newer = unsent();
  for (const name of NAMES) {
    const value = kept?.[name];
    if (value !== undefined && newer[name] === undefined) writeStored(name, copyOf(value));
  }
  if (Object.keys(newer).length > 0) plan();
  tellStored();
}

// A change just before the page is left goes with it.
if (typeof document !== "undefined") {
  addEventListener("pagehide", () => {
    if (timer === undefined || isEmbedded) return;
    clearTimeout(timer);
    send();
  });
}
