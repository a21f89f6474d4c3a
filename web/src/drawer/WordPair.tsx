import { Shown } from "../text/Shown.tsx";
import { type Piece, wordPieces } from "./words.ts";

function Side({ pieces, as: Tag }: { pieces: Piece[]; as: "del" | "ins" }) {
  return (
    <Tag className="words">
      <bdi>
        {pieces.map((piece, at) =>
          piece.changed ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are never reordered
            <mark key={at}>
              <Shown text={piece.text} />
            </mark>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are never reordered
            <Shown key={at} text={piece.text} />
          ),
        )}
      </bdi>
    </Tag>
  );
}

interface WordPairProps {
  before: string;
  after: string;
  side: "before" | "after";
  /** What to show while, or where, there is no comparison. */
  whole: React.ReactNode;
}

/** One side of a changed text with the words marked that differ. Loaded when it is first needed. */
export default function WordPair({ before, after, side, whole }: WordPairProps) {
  const pieces = wordPieces(before, after);
  if (pieces === null) return whole;
  return side === "before" ? (
    <Side pieces={pieces.before} as="del" />
  ) : (
    <Side pieces={pieces.after} as="ins" />
  );
}
