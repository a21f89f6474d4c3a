/** What the SDK, ingest and the importers put in the place of a value that must not be kept. */
const MASK = /^(\[redacted\]|\[masked\]|<redacted>|\*{3,})$/i;

export const isMasked = (value: unknown): boolean => typeof value === "string" && MASK.test(value);
