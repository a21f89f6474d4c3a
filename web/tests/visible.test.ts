import { describe, expect, it } from "vitest";
import { cutMiddle, cutPair, hasHidden, pieces, visible } from "../src/text/visible.ts";

describe("visible", () => {
  it("draws what would hide or reorder text", () => {
    expect(visible("safe\u202egnp.exe")).toBe("safe⟪U+202E⟫gnp.exe");
    expect(visible("a\u0000b\u001b[31m\nc\u0085")).toBe("a⟪U+0000⟫b⟪U+001B⟫[31m⟪U+000A⟫c⟪U+0085⟫");
    expect(visible("x\u200by\u2066z\ufeff")).toBe("x⟪U+200B⟫y⟪U+2066⟫z⟪U+FEFF⟫");
    expect(visible("tag\u{e0041}")).toBe("tag⟪U+E0041⟫");
    expect(visible("half\ud800")).toBe("half⟪U+D800⟫");
  });

  it("leaves everyday text of any script alone", () => {
    for (const text of ["Zoë Šmíd", "山田太郎", "שלום", "سلام", "🚀 go", "a+b=c <b>"]) {
      expect(visible(text)).toBe(text);
      expect(hasHidden(text)).toBe(false);
    }
  });

  it("gives pieces that join to the same text", () => {
    const text = "\u202ea\u0007b";
    expect(pieces(text)).toEqual([
      { text: "⟪U+202E⟫", hidden: true },
      { text: "a", hidden: false },
      { text: "⟪U+0007⟫", hidden: true },
      { text: "b", hidden: false },
    ]);
  });

  it("finds the first hidden character after any question", () => {
    const text = "Eve\u202enA";
    expect(hasHidden(text)).toBe(true);
    expect(pieces(text).map((piece) => piece.text)).toEqual(["Eve", "⟪U+202E⟫", "nA"]);
    expect(visible(text)).toBe("Eve⟪U+202E⟫nA");
  });

  it("answers the same when asked twice", () => {
    expect([hasHidden("a\u202e"), hasHidden("a\u202e"), hasHidden("a")]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("cutMiddle", () => {
  it("keeps head and tail, and never half a pair", () => {
    expect(cutMiddle("short", 10)).toBe("short");
    expect(cutMiddle("abcdefghijklmnop", 10)).toBe("abcdef…nop");
    expect(Array.from(cutMiddle("🚀".repeat(50), 10))).toHaveLength(10);
    expect(hasHidden(cutMiddle("🚀".repeat(50), 10))).toBe(false);
  });
});

describe("cutPair", () => {
  const long = (middle: string) => `${"a".repeat(9000)}${middle}${"z".repeat(9000)}`;

  it("leaves short texts as they are", () => {
    expect(cutPair("before", "after", 40)).toEqual(["before", "after"]);
  });

  it("shows where two long texts differ, not only that they are long", () => {
    const [before, after] = cutPair(long("OLD"), long("NEW"), 1000);
    expect(before).toBe(`…${"a".repeat(200)}OLD${"z".repeat(200)}…`);
    expect(after).toBe(`…${"a".repeat(200)}NEW${"z".repeat(200)}…`);
  });

  it("keeps the first difference where the rest is too long as well", () => {
    const [before, after] = cutPair(long("1".repeat(5000)), long("2".repeat(7000)), 1000);
    expect(before.slice(0, 203)).toBe(`…${"a".repeat(200)}11`);
    expect(after.slice(0, 203)).toBe(`…${"a".repeat(200)}22`);
    expect(after.length).toBeLessThan(1010);
  });

  it("tells a text that was only lengthened", () => {
    const [before, after] = cutPair("a".repeat(9000), "a".repeat(9001), 1000);
    expect(before).not.toBe(after);
  });
});
