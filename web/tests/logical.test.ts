import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../src/", import.meta.url);
/** Time runs from left to right in every language: what lies on its axis has a left and a right. */
const ON_THE_AXIS = /^\.(future|gap|brush)\b/;
const PHYSICAL =
  /(?<![-\w])(?:(?:left|right|(?:margin|padding|border)-(?:left|right))\s*:|text-align:\s*(?:left|right)|float:)/;
const FOUR =
  /(?<![-\w])(?:padding|margin|inset):\s*[^\s;(]+ ([^\s;(]+) [^\s;(]+ ([^\s;(]+?)(?: !important)?\s*[;}]/g;

test("styles know a start and an end, no left and right", () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf-8" });
  const found = files
    .filter((name) => name.endsWith(".css"))
    .flatMap((name) => {
      const lines = readFileSync(new URL(name, ROOT), "utf-8").split("\n");
      return lines
        .filter((line) => !ON_THE_AXIS.test(line.trim()))
        .filter(
          (line) =>
            PHYSICAL.test(line) || [...line.matchAll(FOUR)].some(([, one, two]) => one !== two),
        )
        .map((line) => `${name}: ${line.trim()}`);
    });
  expect(files.length).toBeGreaterThan(50);
  expect(found).toEqual([]);
});
