import { describe, expect, it } from "vitest";
import type { Settings } from "../src/api/types.ts";
import { asksForOwn, scopeOf, shownName, showsNow } from "../src/logs/scope.ts";
import { readView } from "../src/logs/view.ts";

const SETTINGS: Settings = {
  zone: "Europe/Berlin",
  date_format: "dmy",
  week_start: "monday",
  show_own: false,
};
const NOW = Date.parse("2026-11-20T23:30:00Z"); // Saturday already in Berlin
const scope = (search: string, settings = SETTINGS) => scopeOf(readView(search), settings, NOW);

describe("scopeOf", () => {
  it("opens on today in the tenant's zone", () => {
    const start = scope("");
    expect(start.date.toString()).toBe("2026-11-21");
    expect(start.filters).toEqual({
      stream: "user",
      period: "day",
      date: "2026-11-21",
      tz: "Europe/Berlin",
      q: "",
      own: "hide",
      order: "desc",
    });
    expect(start.isLastPeriod).toBe(true);
    expect(showsNow(start, NOW)).toBe(true);
    expect(shownName(start)).toBe("Saturday 21/11/2026, 00:00 to 24:00");
  });

  it("takes the zone of the address, and ignores one that is none", () => {
    expect(scope("?tz=UTC").date.toString()).toBe("2026-11-20");
    expect(scope("?tz=Mars/Olympus").zone).toBe("Europe/Berlin");
  });

  it("never asks for a period and a range at once", () => {
    const part = "?period=day&date=2026-11-20&from=2026-11-20T09:00:00Z&to=2026-11-20T10:00:00Z";
    const narrowed = scope(part);
    expect(narrowed.filters).not.toHaveProperty("period");
    expect(narrowed.filters).toMatchObject({ from: "2026-11-20T09:00:00Z" });
    expect(narrowed.wholeFilters).toMatchObject({ period: "day", date: "2026-11-20" });
    expect(narrowed.wholeFilters).not.toHaveProperty("from");
    expect(shownName(narrowed)).toBe("Friday 20/11/2026, 10:00 to 11:00");
    expect(showsNow(narrowed, NOW)).toBe(false);
  });

  it("shows Indelible's own events when the settings say so", () => {
    expect(scope("", { ...SETTINGS, show_own: true }).filters.own).toBe("show");
  });
});

it("a search for Indelible's own events shows them, whatever the settings say", () => {
  for (const q of [
    "category:audit",
    "ana (source:indelible OR category:audit)",
    "Category:Audit x",
  ])
    expect(asksForOwn(q)).toBe(true);
  for (const q of ["", "audit", "-category:audit", "category:audits", "category:audit*"])
    expect(asksForOwn(q)).toBe(false);
});
