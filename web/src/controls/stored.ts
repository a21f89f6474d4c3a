import { useSyncExternalStore } from "react";

/** What this browser remembers about itself (theme, shortcuts); never part of a view. */

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`indelible.${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null): void {
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
