import { useSyncExternalStore } from "react";
import { isEmbedded } from "../embed/mode.ts";

/** What this browser remembers about itself (theme, shortcuts); never part of a view. */

// In a frame of a host product nothing is kept in the browser: a choice lasts as long as the page.
const kept = new Map<string, string>();

export function readStored(name: string): string | null {
  if (isEmbedded) return kept.get(name) ?? null;
  try {
    return localStorage.getItem(`indelible.${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null): void {
  if (isEmbedded) {
    if (value === null) kept.delete(name);
    else kept.set(name, value);
    return;
  }
  try {
    if (value === null) localStorage.removeItem(`indelible.${name}`);
    else localStorage.setItem(`indelible.${name}`, value);
  } catch {
    // Storage is closed to us: the choice lasts as long as the page.
  }
}

const CHANGED = "indelible:stored";

function subscribe(listener: () => void): () => void {
  addEventListener(CHANGED, listener);
  return () => removeEventListener(CHANGED, listener);
}

/** A choice that this browser keeps, and the way to change it; null is as at the start. */
export function useStored(name: string): [string | null, (value: string | null) => void] {
  const value = useSyncExternalStore(subscribe, () => readStored(name));
  return [
    value,
    (next) => {
      writeStored(name, next);
      dispatchEvent(new Event(CHANGED));
    },
  ];
}
