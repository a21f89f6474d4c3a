import { readTerms, readTokens, type Term, type Token } from "./terms.ts";

/** Changes of a search text by a click. The rest of the text stays as the person wrote it. */

const tidy = (text: string): string => text.replace(/\(\s+/g, "(").replace(/\s+\)/g, ")").trim();

function cut(text: string, start: number, end: number): string {
  const before = text.slice(0, start).trimEnd();
  const after = text.slice(end).trimStart();
  return tidy(before && after ? `${before} ${after}` : before + after);
}

/** Adds a condition that has to hold too. */
export function addTerm(text: string, term: string): string {
  const q = text.trim();
  if (!q) return term;
  if (readTerms(q).some((known) => known.text === term)) return q;
  let depth = 0;
  for (const token of readTokens(q)) {
    if (token.kind === "open") depth += 1;
    else if (token.kind === "close") depth -= 1;
    else if (token.kind === "or" && depth === 0) return `(${q}) ${term}`;
  }
  return `${q} ${term}`;
}

/** Takes a condition away, with the OR and the parentheses that it leaves without meaning. */
export function removeTerm(text: string, term: Term): string {
  const tokens = readTokens(text);
  const at = tokens.findIndex((token) => token.kind === "term" && token.start === term.start);
  const before = tokens[at - 1];
  const after = tokens[at + 1];
  if (before?.kind === "or") return unwrap(cut(text, before.start, term.end));
  if (after?.kind === "or") return unwrap(cut(text, term.start, after.end));
  if (before?.kind === "open" && after?.kind === "close") {
    // The parentheses held nothing else: they go as one condition would, and so does their "not".
    const first = tokens[at - 2]?.kind === "not" ? tokens[at - 2] : before;
    const span = { ...term, start: (first as Token).start, end: after.end };
    return removeSpan(text, tokens, span);
  }
  return unwrap(cut(text, term.start, term.end));
}

function removeSpan(text: string, tokens: Token[], span: Term): string {
  const before = tokens.findLast((token) => token.end <= span.start);
  const after = tokens.find((token) => token.start >= span.end);
  if (before?.kind === "or") return unwrap(cut(text, before.start, span.end));
  if (after?.kind === "or") return unwrap(cut(text, span.start, after.end));
  return unwrap(cut(text, span.start, span.end));
}

/** Parentheses around a single condition say nothing. */
function unwrap(text: string): string {
  const tokens = readTokens(text);
  for (let at = 1; at + 1 < tokens.length; at += 1) {
    const [open, term, close] = [tokens[at - 1], tokens[at], tokens[at + 1]];
    if (open?.kind !== "open" || term?.kind !== "term" || close?.kind !== "close") continue;
    if (tokens[at - 2]?.kind === "not") continue;
    const inner = text.slice(term.start, term.end);
    return unwrap(tidy(`${text.slice(0, open.start)}${inner}${text.slice(close.end)}`));
  }
  return text;
}

/** The text without every condition that `leaves` names. */
export function dropTerms(text: string, leaves: (term: Term) => boolean): string {
  let q = text.trim();
  for (;;) {
    const term = readTerms(q).find(leaves);
    if (!term) return q;
    const shorter = removeTerm(q, term);
    if (shorter.length >= q.length) return q;
    q = shorter;
  }
}

/** Adds a value of a field beside others of the same field: any of them may hold. */
export function alsoTerm(text: string, field: string, term: string): string {
  const q = text.trim();
  const last = readTerms(q).findLast((known) => known.field === field && !known.isNegated);
  if (!last) return addTerm(q, term);
  const tokens = readTokens(q);
  const at = tokens.findIndex((token) => token.kind === "term" && token.start === last.start);
  const isAlternative = tokens[at - 1]?.kind === "or" || tokens[at + 1]?.kind === "or";
  const either = `${last.text} OR ${term}`;
  const put = isAlternative || tokens.length === 1 ? either : `(${either})`;
  return `${q.slice(0, last.start)}${put}${q.slice(last.end)}`;
}

/** Only this value of a field: its other conditions go. */
export const onlyTerm = (text: string, field: string, term: string): string =>
  addTerm(
    dropTerms(text, (known) => known.field === field),
    term,
  );
