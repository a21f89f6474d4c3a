import { RECENT_SEARCHES as NAME, readStored, writeStored } from "../controls/stored.ts";

const MOST = 12;

/**
 * The last searches of this browser, newest first. They go when the person logs out, or when
 * another one logs in after a login that ended by itself.
 */
export function recentSearches(): string[] {
  try {
    const kept: unknown = JSON.parse(readStored(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

export function keepSearch(text: string): void {
  const q = text.trim();
  if (!q || q.length > 2000) return;
  const others = recentSearches().filter((item) => item !== q);
  writeStored(NAME, JSON.stringify([q, ...others].slice(0, MOST)));
}

export const forgetSearches = (): void => writeStored(NAME, null);
