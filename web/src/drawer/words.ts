import { diffWordsWithSpace } from "diff";

export interface Piece {
  text: string;
  /** Whether the piece stands on one side only. */
  changed: boolean;
}

const LONGEST = 20_000;

/** Two texts in pieces, word by word; null where comparing them would say nothing. */
export function wordPieces(
  before: string,
  after: string,
): { before: Piece[]; after: Piece[] } | null {
  if (before.length + after.length > LONGEST) return null;
  const parts = diffWordsWithSpace(before, after, { maxEditLength: 2000, timeout: 200 });
  if (!parts) return null;
  const kept = parts.reduce(
    (sum, part) => sum + (part.added || part.removed ? 0 : part.value.trim().length),
    0,
  );
  // Two texts that share a word by chance are easier to read whole.
  if (kept * 4 < Math.min(before.length, after.length)) return null;
  return {
    before: parts
      .filter((part) => !part.added)
      .map((part) => ({ text: part.value, changed: Boolean(part.removed) })),
    after: parts
      .filter((part) => !part.removed)
      .map((part) => ({ text: part.value, changed: Boolean(part.added) })),
  };
}
