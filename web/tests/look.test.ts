import { afterAll, beforeAll, expect, test } from "vitest";
import { tokensOf } from "../src/embed/look.ts";

// Outside a browser there is no CSS: what is tested is what comes before asking it.
beforeAll(() => Object.assign(globalThis, { CSS: { supports: () => true } }));
afterAll(() => Reflect.deleteProperty(globalThis, "CSS"));

test("a host's property sets the tokens that it stands for", () => {
  expect(tokensOf("text", "#123456")).toEqual([["--text", "#123456"]]);
  expect(Object.fromEntries(tokensOf("accent", "tomato"))).toMatchObject({
    "--accent": "tomato",
    "--accent-weak": "color-mix(in srgb, tomato 14%, var(--surface))",
  });
  expect(Object.fromEntries(tokensOf("radius", "8px"))["--r1"]).toBe("calc(8px * .6)");
  expect(tokensOf("font", '"IBM Plex Sans", Arial')[0]?.[1]).toContain("IBM Plex");
});

test("anything else sets nothing", () => {
  for (const [name, value] of [
    ["row", "99px"],
    ["__proto__", "red"],
    ["toString", "red"],
    ["accent", "url(https://evil.example/x)"],
    ["accent", "red; } body { display: none"],
    ["accent", "var(--fail)"],
    ["accent", 7],
    ["radius", "8em"],
    ["radius", "calc(1px)"],
    ["font", "a; } *{}"],
    ["font", "url(x)"],
    ["text", "r".repeat(201)],
  ] as const)
    expect(tokensOf(name, value)).toEqual([]);
});
