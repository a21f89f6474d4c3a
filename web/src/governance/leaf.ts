const HEADER_BYTES = 12;
const POLICY = 4;
const TYPE_AT = 4;

/** The JSON of a policy, keys or genesis leaf (hex), laid out; null for leaves of numbers only. */
export function leafJson(hex: string): string | null {
  const bytes = new Uint8Array((hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
  const type = bytes[TYPE_AT] ?? 0;
  if (type !== POLICY && type < POLICY + 2) return null;
  try {
    const said: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_BYTES)));
    return JSON.stringify(said, null, 2);
  } catch {
    return null;
  }
}
