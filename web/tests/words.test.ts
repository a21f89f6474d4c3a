import { describe, expect, it } from "vitest";
import { agentText } from "../src/drawer/agent.ts";
import { isMasked } from "../src/drawer/redacted.ts";
import { wordPieces } from "../src/drawer/words.ts";
import { around, stepsLink } from "../src/steps/link.ts";
import { gapText, lengthText } from "../src/time/length.ts";

describe("wordPieces", () => {
  it("marks the words that differ, and keeps both texts whole", () => {
    const pieces = wordPieces("closes at six today", "closes at seven today");
    expect(pieces?.before.filter((piece) => piece.changed).map((piece) => piece.text)).toEqual([
      "six",
    ]);
    expect(pieces?.after.filter((piece) => piece.changed).map((piece) => piece.text)).toEqual([
      "seven",
    ]);
    expect(pieces?.before.map((piece) => piece.text).join("")).toBe("closes at six today");
    expect(pieces?.after.map((piece) => piece.text).join("")).toBe("closes at seven today");
  });

  it("says nothing of texts that share little, or are too long", () => {
    expect(wordPieces("quite another text", "no word in common")).toBeNull();
    expect(wordPieces("a ".repeat(20_000), "a b")).toBeNull();
  });
});

describe("agentText", () => {
  it.each([
    [
      "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
      "Firefox 145, Linux",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
      "Edge 142, Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
      "Safari 18, iOS",
    ],
    ["python-requests/2.32", "python-requests 2.32"],
    ["curl/8.5.0", "curl 8.5"],
    ["something odd", null],
    ["", null],
    [null, null],
  ])("%s", (agent, words) => {
    expect(agentText(agent)).toBe(words);
  });
});

describe("lengths of time", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [2100, "2.1 s"],
    [59_960, "1 min 00 s"],
    [291_000, "4 min 51 s"],
    [3_599_600, "1 h 00 min"],
    [7_260_000, "2 h 01 min"],
    [273_600_000, "3 d 04 h"],
    [86_400_000 * 640, "640 d"],
  ])("%d ms", (ms, words) => {
    expect(lengthText(ms)).toBe(words);
  });

  it("counts a gap in one unit, and none below a second", () => {
    expect([0.4, 2, 240, 7300, 90_000].map(gapText)).toEqual(["", "2 s", "4 min", "2 h", "1 d"]);
  });
});

describe("links to steps", () => {
  it("carry what is given, escaped", () => {
    expect(stepsLink({ actor: "a&b=c@example.com", from: null })).toBe(
      "steps?actor=a%26b%3Dc%40example.com",
    );
    expect(around("2024-03-15T12:00:00Z", 5)).toEqual({
      from: "2024-03-15T11:55:00.000Z",
      to: "2024-03-15T12:05:00.000Z",
    });
  });
});

it("knows the marks of masked values", () => {
  expect(["[redacted]", "***", "[MASKED]"].every(isMasked)).toBe(true);
  expect(["redacted by Ana", "", null, 3, ["[redacted]"]].some(isMasked)).toBe(false);
});
