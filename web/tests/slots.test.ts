import { describe, expect, it } from "vitest";
import { type Slot, takeSlots } from "../src/logs/slots.ts";

const ids = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `e${from + at}`);
const keysOf = (slots: readonly Slot[]): number[] => slots.map(({ key }) => key);
const keyOf = (slots: readonly Slot[], id: string) => slots.find((slot) => slot.id === id)?.key;

/** What React does: whatever stood before the last one that it left where it was is moved. */
function movedBy(before: readonly Slot[], after: readonly Slot[]): (string | number)[] {
  let last = -1;
  return after.flatMap(({ key, id }) => {
    const old = before.findIndex((slot) => slot.key === key);
    if (old < 0) return [];
    if (old < last) return [id];
    last = old;
    return [];
  });
}

describe("takeSlots", () => {
  const start = takeSlots([], ids(0, 6), true);
  it("gives each row an element of its own, and takes all of them for another screen", () => {
    expect(keysOf(start)).toEqual([1, 2, 3, 4, 5, 6]);
    const next = takeSlots(start, ids(100, 6), true);
    expect(keysOf(next)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(next.map(({ id }) => id)).toEqual(ids(100, 6));
  });

  it("leaves rows that stay their elements, and takes those that left", () => {
    const next = takeSlots(start, ids(2, 6), true);
    for (const id of ids(2, 4)) expect(keyOf(next, id)).toBe(keyOf(start, id));
    expect(keysOf(next).slice(4).sort()).toEqual([1, 2]);
  });

  it("takes none while text is selected", () => {
    expect(keysOf(takeSlots(start, ids(100, 2), false))).toEqual([7, 8]);
  });

  it("never moves a row that stays, wherever the list goes", () => {
    // A fixed walk: forwards, backwards, far away; the row with the focus stays at the edge.
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    let slots = start;
    let first = 0;
    for (let turn = 0; turn < 500; turn++) {
      first = Math.max(0, first + random(15) - 7 + (random(10) === 0 ? random(400) - 200 : 0));
      const wanted = ids(first, 4 + random(5));
      if (!wanted.includes("e50")) first < 50 ? wanted.push("e50") : wanted.unshift("e50");
      const next = takeSlots(slots, wanted, random(8) > 0);
      expect(next.map(({ id }) => id)).toEqual(wanted);
      expect(new Set(keysOf(next)).size).toBe(wanted.length);
      const stayed = new Set(slots.map(({ id }) => id));
      expect(movedBy(slots, next).filter((id) => stayed.has(id))).toEqual([]);
      for (const { id, key } of slots) {
        if (wanted.includes(`${id}`)) expect(keyOf(next, `${id}`)).toBe(key);
      }
      slots = next;
    }
  });
});
