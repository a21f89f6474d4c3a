/**
 * Event text comes from outside and may hold characters that hide, reorder or fake what is shown.
 * Here they become visible: U+202E reads ⟪U+202E⟫. Nothing is removed, nothing is invented.
 */

// Controls (C0, DEL, C1), soft hyphen, Arabic letter mark, Hangul fillers, Mongolian vowel
// separator, zero-width and bidi marks, line and paragraph separators, invisible operators,
// isolates, variation selectors and tags that have no picture of their own, half surrogates.
export const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what we look for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: combining ones are looked for, too
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu;

export type Piece = { text: string; hidden: boolean };

const codeOf = (character: string): string =>
  `⟪U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟫`;

/** The text with each hidden character replaced by its code, as one string (titles, copies). */
export function visible(text: string): string {
  return hasHidden(text) ? text.replace(HIDDEN, codeOf) : text;
}

/** The text in pieces, so that the codes can be drawn apart from the text around them. */
export function pieces(text: string): Piece[] {
  const result: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) result.push({ text: text.slice(end, match.index), hidden: false });
    result.push({ text: codeOf(match[0]), hidden: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) result.push({ text: text.slice(end), hidden: false });
  return result;
}

export function hasHidden(text: string): boolean {
  // Nearly all text is plain, and a list asks a thousand times a frame.
  if (!/[^ -~]/.test(text)) return false;
  // Not `test`: it would leave its place in the expression, and `matchAll` would begin there.
  return text.search(HIDDEN) >= 0;
}

/** At most `most` characters, the middle given way to "…". Never cuts a pair in two. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const all = Array.from(text);
  if (all.length <= most) return text;
  const tail = Math.floor((most - 1) / 3);
  return `${all.slice(0, most - 1 - tail).join("")}…${all.slice(all.length - tail).join("")}`;
}

/** How many characters two texts share from their begins, or from their ends. */
function shared(one: readonly string[], other: readonly string[], isFromEnd: boolean): number {
  const most = Math.min(one.length, other.length);
  const at = (all: readonly string[], n: number) => all[isFromEnd ? all.length - 1 - n : n];
  let n = 0;
  while (n < most && at(one, n) === at(other, n)) n += 1;
  return n;
}

const AROUND = 200;

/**
 * Two texts, each of `most` characters or little more: what they share at their begins and ends is
 * left out first, so that where they begin to differ is always seen.
 */
export function cutPair(before: string, after: string, most: number): [string, string] {
  const [one, other] = [Array.from(before), Array.from(after)];
  if (one.length <= most && other.length <= most) return [before, after];
  const start = Math.max(0, shared(one, other, false) - AROUND);
  const end = Math.max(0, shared(one.slice(start), other.slice(start), true) - AROUND);
  const cut = (all: readonly string[]) => {
    const middle = cutMiddle(all.slice(start, all.length - end).join(""), most);
    return `${start > 0 ? "…" : ""}${middle}${end > 0 ? "…" : ""}`;
  };
  return [cut(one), cut(other)];
}
