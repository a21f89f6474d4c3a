import { describe, expect, it, test } from "vitest";
import { addTerm, alsoTerm, dropTerms, onlyTerm, removeTerm } from "../src/query/edits.ts";
import { charactersOf, quoted, readTerms, readTokens, unitsOf } from "../src/query/terms.ts";

const told = (text: string) =>
  readTerms(text).map((term) => [term.field, term.value, term.isNegated, term.depth]);

test("finds words, phrases, fields, groups and what is left out", () => {
  expect(told('ana "two words" operation:AssignRole -status:2xx NOT ip:10.0.0.0/8')).toEqual([
    [null, "ana", false, 0],
    [null, "two words", false, 0],
    ["operation", "AssignRole", false, 0],
    ["status", "2xx", true, 0],
    ["ip", "10.0.0.0/8", true, 0],
  ]);
  expect(told('(a OR actor:"Ana \\"A\\" Lee") -(b c) method:(GET OR "PO ST")')).toEqual([
    [null, "a", false, 1],
    ["actor", 'Ana "A" Lee', false, 1],
    [null, "b", false, 1],
    [null, "c", false, 1],
    ["method", '(GET OR "PO ST")', false, 0],
  ]);
});

test("reads whatever is typed, and gives every place once", () => {
  for (const text of [
    "",
    " ",
    "-",
    "--a",
    "a:",
    '"',
    'a:"x',
    "((",
    "a)b(",
    "NOT",
    "OR OR",
    "x:(a",
    "é😀:b",
  ]) {
    let end = 0;
    for (const token of readTokens(text)) {
      expect(token.start).toBeGreaterThanOrEqual(end);
      expect(token.end).toBeGreaterThan(token.start);
      end = token.end;
    }
    expect(end).toBeLessThanOrEqual(text.length);
  }
});

test("places in characters and in units", () => {
  expect(unitsOf("a😀b", 2)).toBe(3);
  expect(charactersOf("a😀b", 3)).toBe(2);
  expect(told(`actor:${quoted('a "b" \\ c')}`)).toEqual([["actor", 'a "b" \\ c', false, 0]]);
});

describe("edits", () => {
  it("adds beside what is there", () => {
    expect(addTerm("", "a:b")).toBe("a:b");
    expect(addTerm("x", "a:b")).toBe("x a:b");
    expect(addTerm("x OR y", "a:b")).toBe("(x OR y) a:b");
    expect(addTerm("(x OR y) z", "a:b")).toBe("(x OR y) z a:b");
    expect(addTerm("x a:b", "a:b")).toBe("x a:b");
  });
  it.each([
    ["a b c", 1, "a c"],
    ["a OR b", 0, "b"],
    ["a OR b", 1, "a"],
    ["a OR b OR c", 1, "a OR c"],
    ["(a OR b) c", 0, "b c"],
    ["x -(a)", 1, "x"],
    ["x OR (a) OR y", 1, "x OR y"],
    ["(a OR b) c", 2, "(a OR b)"],
    ["a", 0, ""],
    ["NOT a b", 0, "b"],
  ])("%s without term %d", (text, at, rest) => {
    const term = readTerms(text)[at];
    expect(term && removeTerm(text, term)).toBe(rest);
  });
  it("offers another value of the same field", () => {
    expect(alsoTerm("", "op", "op:a")).toBe("op:a");
    expect(alsoTerm("op:a", "op", "op:b")).toBe("op:a OR op:b");
    expect(alsoTerm("x op:a", "op", "op:b")).toBe("x (op:a OR op:b)");
    expect(alsoTerm("x (op:a OR op:b)", "op", "op:c")).toBe("x (op:a OR op:b OR op:c)");
    expect(alsoTerm("-op:a", "op", "op:b")).toBe("-op:a op:b");
  });
  it("keeps one value of a field, or none", () => {
    expect(onlyTerm("x (op:a OR op:b)", "op", "op:c")).toBe("x op:c");
    expect(onlyTerm("-op:a", "op", "op:a")).toBe("op:a");
    expect(dropTerms("x (op:a OR op:b) -op:c", (term) => term.field === "op")).toBe("x");
  });
});
