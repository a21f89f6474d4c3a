import { parseDate } from "@internationalized/date";
import { describe, expect, it } from "vitest";
import {
  axisOf,
  barsOf,
  pathsOf,
  slotAt,
  slotCount,
  stepText,
  totalsOf,
} from "../src/logs/bars.ts";
import { spanOf } from "../src/time/periods.ts";

const WHOLE = spanOf("day", parseDate("2026-11-20"), "UTC", "monday");
const GROUPS = [
  { key: "2026-11-20T12:00:00Z", count: 3, by_outcome: { success: 2, failure: 1 } },
  { key: "2026-11-20T00:00:00Z", count: 1, by_outcome: { unknown: 1 } },
];

describe("bars", () => {
  it("come in order of time and count every outcome", () => {
    const bars = barsOf(GROUPS, 900, WHOLE);
    expect(bars.map((bar) => bar.count)).toEqual([1, 3]);
    expect(totalsOf(bars)).toEqual({ success: 2, denied: 0, failure: 1, unknown: 1 });
  });

  it("stack without leaving the box", () => {
    const paths = pathsOf(barsOf(GROUPS, 900, WHOLE), 900, WHOLE, 960, 60);
    expect(paths.success).toMatch(/^M481 /);
    expect(paths.denied).toBe("");
    const tops = [
      ...Object.values(paths)
        .join("")
        .matchAll(/M\S+ (\S+?)h/g),
    ].map((m) => Number(m[1]));
    expect(Math.min(...tops)).toBeGreaterThanOrEqual(0);
  });

  it("find the slot of a moment, cut at the period's end", () => {
    const slot = slotAt(Date.parse("2026-11-20T12:07:00Z"), 900, WHOLE);
    expect(new Date(slot.from).toISOString()).toBe("2026-11-20T12:00:00.000Z");
    expect(slot.to - slot.from).toBe(900_000);
    expect(slotCount(900, WHOLE)).toBe(96);
    const odd = spanOf("day", parseDate("2026-10-25"), "Europe/Berlin", "monday");
    expect(slotCount(900, odd)).toBe(100);
  });
});

describe("axis", () => {
  it("labels a day from 00:00 to 24:00, in the right places on a day of 25 hours", () => {
    const marks = axisOf("day", WHOLE, "UTC", "dmy", false);
    expect(marks.map((mark) => mark.text)).toEqual([
      "00:00",
      "03:00",
      "06:00",
      "09:00",
      "12:00",
      "15:00",
      "18:00",
      "21:00",
      "24:00",
    ]);
    const odd = spanOf("day", parseDate("2026-10-25"), "Europe/Berlin", "monday");
    expect(axisOf("day", odd, "Europe/Berlin", "dmy", false)[1]?.at).toBeCloseTo(4 / 25);
  });

  it("labels a month with days", () => {
    const month = spanOf("month", parseDate("2026-11-20"), "UTC", "monday");
    const marks = axisOf("month", month, "UTC", "dmy", false);
    expect(marks[0]).toEqual({ at: 0, text: "01/11" });
    expect(marks.every((mark) => mark.at >= 0 && mark.at < 1)).toBe(true);
  });
});

describe("stepText", () => {
  it("speaks in the largest whole unit", () => {
    expect(stepText(900)).toBe("15 minutes");
    expect(stepText(7200)).toBe("2 hours");
    expect(stepText(86_400)).toBe("day");
  });
});
