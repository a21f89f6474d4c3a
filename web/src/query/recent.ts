import { readStored, writeStored } from "../controls/stored.ts";

const NAME = "recent-searches";
const MOST = 12;

/** The last searches of this browser, newest first. They are forgotten when the person logs out. */
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
