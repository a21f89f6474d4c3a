import { describe, expect, it } from "vitest";
import type { AuditEvent, Settings } from "../src/api/types.ts";
import { bandsOf } from "../src/logs/bands.ts";
import {
  FIRST_STATE,
  moved,
  parseState,
  pinned,
  readColumns,
  toggled,
  tracksOf,
  widened,
  writeColumns,
} from "../src/logs/columnState.ts";
import { SEVEN } from "../src/logs/columns.tsx";
import { copyText, safeCell } from "../src/logs/copies.ts";
import { isHidden, toggleOutcome } from "../src/logs/legend.ts";
import { periodName, scopeOf, showsNow, widerView } from "../src/logs/scope.ts";
import { lastMs, readView, writeView } from "../src/logs/view.ts";
import { skewOf } from "../src/logs/When.tsx";

describe("columns", () => {
  it("are the seven at the start, and then need no word in the address", () => {
    expect(FIRST_STATE.shown).toEqual(SEVEN);
    expect(writeColumns(SEVEN)).toBeNull();
    expect(readColumns("status,nonsense,date,status")).toEqual(["status", "date"]);
    expect(readColumns("nonsense")).toBeNull();
  });

  it("keep pinned ones first, and one at least", () => {
    let state = pinned(FIRST_STATE, "operation");
    expect(state.shown[0]).toBe("operation");
    expect(moved(state, "date", -1)).toBe(state);
    expect(moved(state, "operation", 1)).toBe(state);
    state = toggled(state, "operation");
    expect(state.pinned).toEqual([]);
    const only = { ...FIRST_STATE, shown: ["date" as const] };
    expect(toggled(only, "date")).toBe(only);
  });

  it("know how far from the left each pinned one stays", () => {
    let state = pinned(pinned(FIRST_STATE, "date"), "status");
    state = widened(state, "date", 200);
    const { template, stays } = tracksOf(state);
    expect(template.startsWith("200px 66px ")).toBe(true);
    expect(stays).toEqual({ date: 0, status: 200 });
  });

  it("take what the browser kept only as far as it makes sense", () => {
    expect(parseState("nonsense")).toEqual(FIRST_STATE);
    expect(parseState(null)).toEqual(FIRST_STATE);
    const odd = '{"shown":["date","x",7],"pinned":"all","widths":{"date":99999,"y":1,"ip":"9"}}';
    expect(parseState(odd)).toEqual({ shown: ["date"], pinned: [], widths: { date: 900 } });
  });
});

describe("copies", () => {
  const event: AuditEvent = {
    id: "e1",
    index: 1,
    stream: "user",
    operation: "=1+1",
    endpoint: "a|b\n<b>*c*",
    occurred_at: "2026-11-20T10:00:00Z",
  };
  const context = { tenant: "main", zone: "UTC", format: "iso" as const, relativeTo: null };

  it("disarm formulas, also after a separator and in full-width form", () => {
    expect(safeCell("=1+1")).toBe("'=1+1");
    expect(safeCell('"=1')).toBe("'\"=1");
    expect(safeCell("\uff1dcmd")).toBe("'\uff1dcmd");
    expect(safeCell("a;=1")).toBe("a;'=1");
    expect(safeCell("a-b")).toBe("a-b");
  });

  it("are whole in each form", () => {
    const columns = ["date", "endpoint", "operation"] as const;
    expect(copyText("csv", [event], columns, context)).toBe(
      '"Date","Endpoint","Operation"\r\n"2026-11-20 10:00:00","a|b\n<b>*c*","\'=1+1"\r\n',
    );
    const markdown = copyText("markdown", [event], columns, context);
    expect(markdown.split("\n")[2]).toBe(
      "| 2026\\-11\\-20 10:00:00 | a\\|b &lt;b&gt;\\*c\\* | =1\\+1 |",
    );
    expect(JSON.parse(copyText("json", [event], columns, context))).toEqual([event]);
  });
});

describe("outcomes in the search", () => {
  it("go out and in again", () => {
    const without = toggleOutcome("ana status:4xx", "denied");
    expect(without).toBe("ana status:4xx -outcome:denied");
    expect(isHidden(without, "denied")).toBe(true);
    expect(toggleOutcome(without, "denied")).toBe("ana status:4xx");
    expect(toggleOutcome("", "failure")).toBe("-outcome:failure");
  });

  it("hold for all of a choice", () => {
    expect(toggleOutcome("a OR b", "denied")).toBe("(a OR b) -outcome:denied");
    expect(toggleOutcome("(a OR b)", "denied")).toBe("(a OR b) -outcome:denied");
    expect(toggleOutcome("(a) OR (b)", "denied")).toBe("((a) OR (b)) -outcome:denied");
  });
});

describe("relative times", () => {
  const settings: Settings = {
    zone: "UTC",
    date_format: "dmy",
    week_start: "monday",
    show_own: false,
  };
  const now = Date.parse("2026-11-20T10:07:31Z");

  it("stay relative in the address and begin at a full minute", () => {
    const view = readView("?last=15m");
    expect(view).toMatchObject({ last: "15m", period: null });
    expect(writeView(view)).toBe("?last=15m");
    const scope = scopeOf(view, settings, now + 40_000, now);
    expect(scope.filters).toMatchObject({ from: "2026-11-20T09:52:00Z" });
    expect(scope.filters).not.toHaveProperty("to");
    expect(showsNow(scope, now + 40_000)).toBe(true);
    expect(periodName(scope)).toBe("Last 15 minutes");
    expect(widerView(scope)).toMatchObject({ period: "day", date: "2026-11-20", last: null });
  });

  it("are nothing where they make no sense", () => {
    for (const text of ["0m", "15", "m", "-5m", "99999h", "15s", null]) {
      expect(lastMs(text)).toBeNull();
    }
    expect(lastMs("4h")).toBe(14_400_000);
    expect(readView("?last=15m&period=week").last).toBeNull();
    expect(readView("?last=soon").period).toBe("day");
  });
});

describe("bands", () => {
  const whole = { from: 0, to: 86_400_000 };
  const gap = (from: number, to: number) => ({
    kind: "down" as const,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  });

  it("are cut at the period, and put together where one could not tell them apart", () => {
    const bands = bandsOf(
      [gap(-5000, 5000), gap(10_000, 20_000), gap(7_200_000, 7_300_000)],
      whole,
    );
    expect(bands.map(({ from, to, gaps }) => [from, to, gaps.length])).toEqual([
      [0, 20_000, 2],
      [7_200_000, 7_300_000, 1],
    ]);
    expect(bandsOf([gap(-9000, -1000)], whole)).toEqual([]);
  });
});

describe("the skew mark", () => {
  const event = (received: string, reported_by = "client"): AuditEvent => ({
    id: "e",
    index: 1,
    stream: "user",
    operation: "X",
    occurred_at: "2026-11-20T10:00:00Z",
    received_at: received,
    reported_by,
  });

  it("stands for more than a minute, either way, and not for imports", () => {
    expect(skewOf(event("2026-11-20T10:01:00Z"))).toBe(0);
    expect(skewOf(event("2026-11-20T10:01:01Z"))).toBe(61_000);
    expect(skewOf(event("2026-11-20T09:50:00Z"))).toBe(-600_000);
    expect(skewOf(event("2026-11-21T09:50:00Z", "import"))).toBe(0);
  });
});
