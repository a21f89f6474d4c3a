import { parseDate } from "@internationalized/date";
import { describe, expect, it } from "vitest";
import { firstDay, isLast, lastDay, readDate, spanOf, stepped } from "../src/time/periods.ts";

const HOUR = 3_600_000;
const hours = (span: { from: number; to: number }): number => (span.to - span.from) / HOUR;

describe("spanOf", () => {
  it("gives days of 23, 24 and 25 hours where clocks change", () => {
    const day = (date: string, zone: string) => spanOf("day", parseDate(date), zone, "monday");
    expect(hours(day("2026-03-29", "Europe/Berlin"))).toBe(23);
    expect(hours(day("2026-10-25", "Europe/Berlin"))).toBe(25);
    expect(hours(day("2026-11-01", "America/New_York"))).toBe(25);
    expect(hours(day("2026-11-20", "Europe/Berlin"))).toBe(24);
    expect(hours(day("2026-10-04", "Australia/Lord_Howe"))).toBe(23.5);
  });

  it("begins at midnight of the zone, half-open", () => {
    const span = spanOf("day", parseDate("2023-07-10"), "Pacific/Auckland", "monday");
    expect(new Date(span.from).toISOString()).toBe("2023-07-09T12:00:00.000Z");
    expect(new Date(span.to).toISOString()).toBe("2023-07-10T12:00:00.000Z");
  });

  it("begins at the day's first moment where midnight does not exist", () => {
    const span = spanOf("day", parseDate("2018-11-04"), "America/Sao_Paulo", "monday");
    expect(new Date(span.from).toISOString()).toBe("2018-11-04T03:00:00.000Z");
    expect(hours(span)).toBe(23);
  });

  it("covers a month whole, with the changed clock in it", () => {
    expect(hours(spanOf("month", parseDate("2026-10-09"), "Europe/Berlin", "monday"))).toBe(745);
    expect(hours(spanOf("month", parseDate("2028-02-29"), "UTC", "monday"))).toBe(29 * 24);
  });
});

describe("weeks", () => {
  it("begin on the day of the settings", () => {
    const date = parseDate("2026-11-20");
    expect(firstDay("week", date, "monday").toString()).toBe("2026-11-16");
    expect(firstDay("week", date, "sunday").toString()).toBe("2026-11-15");
    expect(firstDay("week", date, "saturday").toString()).toBe("2026-11-14");
    expect(lastDay("week", date, "monday").toString()).toBe("2026-11-22");
  });
});

describe("stepping", () => {
  it("goes by day, week and month, and keeps to days that exist", () => {
    expect(stepped("day", parseDate("2026-03-01"), -1).toString()).toBe("2026-02-28");
    expect(stepped("week", parseDate("2026-01-03"), -1).toString()).toBe("2025-12-27");
    expect(stepped("month", parseDate("2026-03-31"), -1).toString()).toBe("2026-02-28");
  });

  it("never leads into the future", () => {
    const today = parseDate("2026-11-20");
    expect(isLast("day", today, today, "monday")).toBe(true);
    expect(isLast("day", parseDate("2026-11-19"), today, "monday")).toBe(false);
    expect(isLast("week", parseDate("2026-11-16"), today, "monday")).toBe(true);
    expect(isLast("month", parseDate("2026-10-31"), today, "monday")).toBe(false);
  });
});

describe("readDate", () => {
  it("takes real dates only", () => {
    expect(readDate("2026-02-28")?.toString()).toBe("2026-02-28");
    for (const text of [null, "", "2026-02-30", "2026-2-3", "20260203", "today"]) {
      expect(readDate(text)).toBeNull();
    }
  });
});
