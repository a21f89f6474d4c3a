import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hexOf, leadsToRoot, parseProof } from "../src/drawer/proof.ts";

const sha = (...parts: Uint8Array[]): Buffer =>
  createHash("sha256").update(Buffer.concat(parts)).digest();
const leaf = (text: string): Buffer => sha(Buffer.from([0]), Buffer.from(text));
const node = (left: Buffer, right: Buffer): Buffer => sha(Buffer.from([1]), left, right);

/** Root and path straight from the definition in RFC 9162, 2.1.1 and 2.1.3.1. */
function rootOf(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return node(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

function pathOf(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return index < half
    ? [...pathOf(index, leaves.slice(0, half)), rootOf(leaves.slice(half))]
    : [...pathOf(index - half, leaves.slice(half)), rootOf(leaves.slice(0, half))];
}

function fileOf(index: number, leaves: Buffer[]): string {
  const note = `test/main\n${leaves.length}\n${rootOf(leaves).toString("base64")}\n\n— test/main AAAA\n`;
  const lines = pathOf(index, leaves).map((hash) => `${hash.toString("base64")}\n`);
  return `c2sp.org/tlog-proof@v1\nextra AAAA\nindex ${index}\n${lines.join("")}\n${note}`;
}

describe("leadsToRoot", () => {
  it("holds for every leaf of every small tree, and for no other leaf", async () => {
    for (let size = 1; size <= 12; size++) {
      const leaves = Array.from({ length: size }, (_, at) => leaf(`event ${at}`));
      for (let index = 0; index < size; index++) {
        const proof = parseProof(fileOf(index, leaves));
        expect(proof.checkpoint.signatures).toBe(1);
        expect(await leadsToRoot(hexOf(leaves[index] as Buffer), proof)).toBe(true);
        expect(await leadsToRoot(hexOf(leaf("another")), proof)).toBe(false);
        const longer = { ...proof, hashes: [...proof.hashes, new Uint8Array(32)] };
        expect(await leadsToRoot(hexOf(leaves[index] as Buffer), longer)).toBe(false);
        const outside = { ...proof, index: size };
        expect(await leadsToRoot(hexOf(leaves[index] as Buffer), outside)).toBe(false);
      }
    }
  });
});

describe("parseProof", () => {
  it("refuses what is not a whole proof", () => {
    const good = fileOf(1, [leaf("a"), leaf("b")]);
    for (const bad of [
      "",
      "x\n\n",
      good.replace("@v1", "@v2"),
      good.replace("index 1", "index x"),
    ]) {
      expect(() => parseProof(bad)).toThrow();
    }
  });
});
