import { cutMiddle, hasHidden, pieces, visible } from "./visible.ts";

/** Text from an event, with hidden characters drawn as their codes. The only way such text is shown. */
export function Shown({ text }: { text: string }) {
  if (!hasHidden(text)) return text;
  let at = 0;
  return pieces(text).map((piece) => {
    at += piece.text.length;
    return piece.hidden ? (
      <span key={at} className="ctl">
        {piece.text}
      </span>
    ) : (
      piece.text
    );
  });
}

const LONGEST_CELL = 400;
const LONGEST_TITLE = 2000;

/** One line of event text: what does not fit gives way in the middle; the whole is in the tooltip. */
export function OneLine({ text, tail = 10 }: { text: string; tail?: number }) {
  const title = visible(cutMiddle(text, LONGEST_TITLE));
  const kept = cutMiddle(text, LONGEST_CELL);
  if (kept.length <= tail * 2 || hasHidden(kept)) {
    return (
      <span className="cut" title={title}>
        <bdi>
          <Shown text={kept} />
        </bdi>
      </span>
    );
  }
  const all = Array.from(kept);
  return (
    <span className="mid" title={title}>
      <span>{all.slice(0, -tail).join("")}</span>
      <span>{all.slice(-tail).join("")}</span>
    </span>
  );
}
