import { expect, test } from "vitest";
import { bytesText } from "../src/text/numbers.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1,023 bytes"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [150 * 1024 ** 2, "150 MiB"],
  [781.438 * 1024, "781 KiB"],
  [2 * 1024 ** 4, "2 TiB"],
  [5000 * 1024 ** 4, "5,000 TiB"],
])("%d bytes are %s", (value, text) => {
  expect(bytesText(value)).toBe(text);
});
