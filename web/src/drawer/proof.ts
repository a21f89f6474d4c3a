/** Reads a `.tlog-proof` file and climbs from a leaf to the root, as RFC 9162, 2.1.3.2 says. */

export interface Proof {
  index: number;
  hashes: Uint8Array<ArrayBuffer>[];
  checkpoint: Checkpoint;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array<ArrayBuffer>;
  signatures: number;
}

const HASH_BYTES = 32;

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function parseCheckpoint(note: string): Checkpoint {
  const [body = "", signatures = ""] = note.split("\n\n");
  const [origin, size, root] = body.split("\n");
  if (!origin || !size || !/^\d+$/.test(size) || !root) throw new Error("not a checkpoint");
  return {
    origin,
    size: Number(size),
    root: bytesOf(root),
    signatures: signatures.split("\n").filter((line) => line.startsWith("— ")).length,
  };
}

export function parseProof(text: string): Proof {
  const end = text.indexOf("\n\n");
  const lines = text.slice(0, end).split("\n");
  if (end < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Error("not a tlog-proof");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (\d+)$/.exec(lines.shift() ?? "")?.[1];
  if (index === undefined) throw new Error("no index in the proof");
  const hashes = lines.map(bytesOf);
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) throw new Error("a hash is too short");
  return { index: Number(index), hashes, checkpoint: parseCheckpoint(text.slice(end + 2)) };
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function nodeHash(
  left: Uint8Array<ArrayBuffer>,
  right: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const joined = new Uint8Array(1 + left.length + right.length);
  joined[0] = 1;
  joined.set(left, 1);
  joined.set(right, 1 + left.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

/** Whether browsers let this page hash: only over HTTPS and on the machine itself. */
export const canHash = (): boolean => globalThis.crypto?.subtle !== undefined;

/** Whether the leaf's path ends at the root that the checkpoint names. */
export async function leadsToRoot(leafHex: string, proof: Proof): Promise<boolean> {
  let at = proof.index;
  let last = proof.checkpoint.size - 1;
  if (at > last) return false;
  let hash = bytesOfHex(leafHex);
  for (const sibling of proof.hashes) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else hash = await nodeHash(hash, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hexOf(hash) === hexOf(proof.checkpoint.root);
}
