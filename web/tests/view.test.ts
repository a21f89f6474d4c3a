import { describe, expect, it } from "vitest";
import { readView, type View, writeView } from "../src/logs/view.ts";

const START = readView("");

describe("the address", () => {
  it("is empty at the start: User, day, today", () => {
    expect(START).toMatchObject({
      stream: "user",
      period: "day",
      date: null,
      q: "",
      order: "desc",
    });
    expect(writeView(START)).toBe("");
  });

  it("keeps every view through writing and reading", () => {
    const views: Partial<View>[] = [
      { stream: "task", period: "week", date: "2026-11-20", tz: "Europe/Berlin" },
      { q: 'operation:AssignRole -status:200 "a & b"', order: "asc" },
      { date: "2026-11-20", from: "2026-11-20T13:15:00Z", to: "2026-11-20T14:45:00Z" },
      { from: "2026-11-20T13:15:00Z", to: "2026-11-20T14:45:00Z" },
      { period: null, from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
      { event: "0193a000-0000-7000-8000-000000000001", period: "month" },
    ];
    for (const part of views) {
      const view = { ...START, ...part };
      expect(readView(writeView(view))).toEqual(view);
    }
  });

  it("falls back where it makes no sense", () => {
    const odd = "?stream=x&period=year&date=soon&order=up&from=a&to=b";
    expect(readView(odd)).toEqual(START);
    const backwards = "?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    expect(readView(backwards)).toEqual(START);
  });

  it("takes a range without period or date as a free one", () => {
    expect(readView("?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z").period).toBeNull();
  });
});
