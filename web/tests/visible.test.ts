import { describe, expect, it } from "vitest";
import { cutMiddle, hasHidden, pieces, visible } from "../src/text/visible.ts";

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
