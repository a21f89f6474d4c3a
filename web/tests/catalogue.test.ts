import { expect, test } from "vitest";
import { german } from "../src/text/de/index.ts";
import { english } from "../src/text/en/index.ts";

/** Names of things, which are the same in every language. */
const NAMES = new Set(["JSON Lines", "PCI DSS"]);

type Told = Record<string, unknown>;

/** Every sentence with its place; a function is called with numbers, which all of them take. */
function sentences(tree: unknown, place = ""): [string, string][] {
  if (typeof tree === "string") return [[place, tree]];
  if (typeof tree === "function") {
    const told: unknown = tree("7", "8", "9");
    return typeof told === "object" ? sentences(told, place) : [[place, String(told)]];
  }
  return Object.entries(tree as Told).flatMap(([name, value]) =>
    sentences(value, place ? `${place}.${name}` : name),
  );
}

test("German says everything that English says, in its own words", () => {
  const ours = new Map(sentences(english));
  const theirs = new Map(sentences(german));
  expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
  const same = [...ours]
    .filter(([place, text]) => theirs.get(place) === text && !NAMES.has(text))
    // A single word may be alike; a sentence that is was not translated.
    .filter(([, text]) => /\p{L}{3}.* .*\p{L}{3}/u.test(text));
  expect(same.map(([place]) => place)).toEqual([]);
});

/** One word for one thing: what German must not say, and what it says instead. */
const OTHER_WORDS: [RegExp, string][] = [
  [/\bOperation(en)?\b/, "Vorgang"],
  [/\bverweigert/i, "abgelehnt"],
  [/\bProtokoll/, "Log"],
  [/\bKennung/, "ID"],
  [/\bAufträge?\b|\bAuftrags\b/, "Job"],
  [/\bHandelnde/, "Akteur"],
  [/\bBeweis/, "Nachweis"],
  [/\bmaskiert/i, "geschwärzt, für Leser verdeckt"],
  [/\bLogin\b|\beinloggen/i, "Anmeldung"],
  [/\bUser\b(?!-Agent)|\bNutzer\b|\bAnwender/, "Benutzer"],
  [/\p{L}…$/u, "ein Leerzeichen vor den Auslassungspunkten am Ende"],
];

test("German has one word for one thing", () => {
  const told = sentences(german);
  const found = told.flatMap(([place, text]) =>
    OTHER_WORDS.filter(([word]) => word.test(text)).map(
      ([, instead]) => `${place}: ${text} (${instead})`,
    ),
  );
  expect(found).toEqual([]);
});
