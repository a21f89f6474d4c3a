/**
 * The words of a search text with their places, read leniently while it is typed. What a text means,
 * and whether it is right, the service alone decides; this only finds what stands where.
 */

/** One condition of a search: a word, a phrase, or `field:value`. Places count UTF-16 units. */
export interface Term {
  start: number;
  end: number;
  text: string;
  field: string | null;
  /** Without quotes and escapes. */
  value: string;
  isQuoted: boolean;
  isNegated: boolean;
  /** How many parentheses it stands in. */
  depth: number;
}

export type Token =
  | { kind: "term"; start: number; end: number; term: Term; fieldEnd: number; valueStart: number }
  | { kind: "or" | "not" | "open" | "close"; start: number; end: number };

const SPACE = /\s/;
const FIELD = /[a-z][a-z_.]*:/iy;
const WORD = /(?:OR|AND|NOT)(?=[\s()]|$)/y;

function quotedEnd(text: string, at: number): number {
  for (let place = at + 1; place < text.length; place += 1) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === '"') return place + 1;
  }
  return text.length;
}

function groupEnd(text: string, at: number): number {
  let depth = 0;
  for (let place = at; place < text.length; place += 1) {
    if (text[place] === '"') place = quotedEnd(text, place) - 1;
    else if (text[place] === "(") depth += 1;
    else if (text[place] === ")") {
      depth -= 1;
      if (depth === 0) return place + 1;
    }
  }
  return text.length;
}

function bareEnd(text: string, at: number): number {
  let place = at;
  while (place < text.length && !SPACE.test(text[place] ?? "") && !"()".includes(text[place] ?? ""))
    place += 1;
  return place;
}

const unescaped = (quoted: string): string =>
  quoted.replace(/^"|(?<!\\)"$/g, "").replace(/\\(["\\])/g, "$1");

/** The tokens of a search text, in order. Whatever is typed, something comes out. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let depth = 0;
  let negatedFrom: number | null = null;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (SPACE.test(character)) {
      at += 1;
      continue;
    }
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0];
    if (word) {
      if (word === "OR") tokens.push({ kind: "or", start: at, end: at + word.length });
      if (word === "NOT") negatedFrom = at;
      at += word.length;
      continue;
    }
    if (character === "(" || character === ")") {
      if (negatedFrom !== null) tokens.push({ kind: "not", start: negatedFrom, end: at });
      negatedFrom = null;
      tokens.push({ kind: character === "(" ? "open" : "close", start: at, end: at + 1 });
      depth = Math.max(0, depth + (character === "(" ? 1 : -1));
      at += 1;
      continue;
    }
    if (character === "-" && at + 1 < text.length && !SPACE.test(text[at + 1] ?? " ")) {
      if (negatedFrom === null) {
        negatedFrom = at;
        at += 1;
        continue;
      }
    }
    FIELD.lastIndex = at;
    const field = FIELD.exec(text)?.[0] ?? "";
    const valueStart = at + field.length;
    const isQuoted = text[valueStart] === '"';
    const end = isQuoted
      ? quotedEnd(text, valueStart)
      : field && text[valueStart] === "("
        ? groupEnd(text, valueStart)
        : Math.max(bareEnd(text, valueStart), at + 1);
    const raw = text.slice(valueStart, end);
    const start = negatedFrom ?? at;
    tokens.push({
      kind: "term",
      start,
      end,
      fieldEnd: valueStart,
      valueStart,
      term: {
        start,
        end,
        text: text.slice(start, end),
        field: field ? field.slice(0, -1).toLowerCase() : null,
        value: isQuoted ? unescaped(raw) : raw,
        isQuoted,
        isNegated: negatedFrom !== null,
        depth,
      },
    });
    negatedFrom = null;
    at = end;
  }
  return tokens;
}

/** The conditions of a search text, in order. */
export const readTerms = (text: string): Term[] =>
  readTokens(text).flatMap((token) => (token.kind === "term" ? [token.term] : []));

/** A place counted in characters, as the service counts, as one in UTF-16 units. */
export const unitsOf = (text: string, characters: number): number =>
  Array.from(text).slice(0, characters).join("").length;

/** A place in UTF-16 units as one in characters. */
export const charactersOf = (text: string, units: number): number =>
  Array.from(text.slice(0, units)).length;

/** A value as it has to be written behind `field:` to be taken whole and as it is. */
export const quoted = (value: string): string =>
  `"${value.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
