import { useSyncExternalStore } from "react";
import { isEmbedded } from "../embed/mode.ts";

/** What this browser remembers about itself (theme, shortcuts); never part of a view. */

/** The one name that holds what a person typed: it goes with the person. */
export const RECENT_SEARCHES = "recent-searches";

// In a frame of a host product, and where the browser keeps nothing, a choice lasts as long as the
// page.
const kept = new Map<string, string>();

export function readStored(name: string): string | null {
  if (isEmbedded) return kept.get(name) ?? null;
  try {
    return localStorage.getItem(`indelible.${name}`);
  } catch {
    return kept.get(name) ?? null;
  }
}

function keepInPage(name: string, value: string | null): void {
  if (value === null) kept.delete(name);
  else kept.set(name, value);
}

export function writeStored(name: string, value: string | null): void {
  if (isEmbedded) {
    keepInPage(name, value);
    return;
  }
  try {
    if (value === null) localStorage.removeItem(`indelible.${name}`);
    else localStorage.setItem(`indelible.${name}`, value);
  } catch {
    keepInPage(name, value);
  }
}

const CHANGED = "indelible:stored";

/** Tells what is drawn that something of it was written. */
export const tellStored = () => dispatchEvent(new Event(CHANGED));

/** Calls `listener` after each change, here or in another tab. */
export function onStored(listener: () => void): () => void {
  addEventListener(CHANGED, listener);
  addEventListener("storage", listener);
  return () => {
    removeEventListener(CHANGED, listener);
    removeEventListener("storage", listener);
  };
}

/** A choice that this browser keeps, and the way to change it; null is as at the start. */
export function useStored(name: string): [string | null, (value: string | null) => void] {
  const value = useSyncExternalStore(onStored, () => readStored(name));
  return [
    value,
    (next) => {
      writeStored(name, next);
      tellStored();
    },
  ];
}
