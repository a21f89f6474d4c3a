import { expect, test, vi } from "vitest";

const kept = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (name: string) => kept.get(name) ?? null,
  setItem: (name: string, value: string) => kept.set(name, value),
  removeItem: (name: string) => kept.delete(name),
});
vi.stubGlobal("dispatchEvent", () => true);

const { adoptPreferences } = await import("../src/controls/preferences.ts");
const { keepSearch, recentSearches } = await import("../src/query/recent.ts");

test("searches and choices of a person are not there for the next one", () => {
  adoptPreferences("p_ana", { density: "cosy" });
  keepSearch("actor:ana@example.com");
  adoptPreferences("p_ana", undefined);
  expect(recentSearches()).toEqual(["actor:ana@example.com"]);
  adoptPreferences("p_ben", undefined);
  expect(recentSearches()).toEqual([]);
  expect([...kept]).toEqual([["indelible.look-of", "p_ben"]]);
});
