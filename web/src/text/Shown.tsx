import type { ClipboardEvent } from "react";
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

/**
 * One line of event text: what does not fit gives way in the middle; the whole is in the tooltip.
 * It is drawn in two pieces, which screen readers skip for the whole text beside them, and which
 * `copyWhole` joins again on the way to the clipboard.
 */
/** On copy: puts the text of a selection on the clipboard with cut values whole, cells apart by tabs. */
export function copyWhole(event: ClipboardEvent): void {
  const selection = getSelection();
  if (!selection || selection.rangeCount === 0) return;
  const part = selection.getRangeAt(0).cloneContents();
  for (const hidden of part.querySelectorAll(".vh")) hidden.remove();
  const rows = [...part.querySelectorAll("tr")];
  const cellsOf = (row: ParentNode): string =>
    [...row.querySelectorAll("td")].map((cell) => cell.textContent?.trim()).join("\t");
  const text = rows.length > 0 ? rows.map(cellsOf).join("\n") : (part.textContent ?? "");
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
}

export function OneLine({ text, tail = 10 }: { text: string; tail?: number }) {
  const title = visible(cutMiddle(text, LONGEST_TITLE));
  const kept = cutMiddle(text, LONGEST_CELL);
  if (kept.length <= tail * 2 || hasHidden(kept)) {
    return (
      <bdi className="cut" title={title}>
        <Shown text={kept} />
      </bdi>
    );
  }
  const all = Array.from(kept);
  return (
    <span className="mid" dir="auto" title={title}>
      <span aria-hidden="true">{all.slice(0, -tail).join("")}</span>
      <span aria-hidden="true">{all.slice(-tail).join("")}</span>
      <span className="vh">{kept}</span>
    </span>
  );
}
