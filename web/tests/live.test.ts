import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../src/api/types.ts";
import { merged } from "../src/logs/live.ts";

const event = (index: number, second: number): AuditEvent => ({
  id: `e${index}`,
  index,
  stream: "user",
  operation: "X",
  occurred_at: `2026-11-20T10:00:${`${second}`.padStart(2, "0")}Z`,
});
const ids = (events: AuditEvent[]) => events.map((one) => one.id);

describe("merging what is new into the list", () => {
  const page = [event(5, 50), event(4, 40), event(3, 40)];

  it("puts the newest on top and late ones at their places", () => {
    const fresh = [event(6, 45), event(7, 55), event(8, 40)];
    expect(ids(merged(page, fresh))).toEqual(["e7", "e5", "e6", "e8", "e4", "e3"]);
  });

  it("takes nothing twice, and leaves out what belongs below the page", () => {
    expect(ids(merged(page, [event(4, 40), event(9, 10)]))).toEqual(["e5", "e4", "e3"]);
    expect(ids(merged([], [event(1, 1), event(2, 2)]))).toEqual(["e2", "e1"]);
  });
});
