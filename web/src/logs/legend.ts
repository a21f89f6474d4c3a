import type { Outcome } from "../api/types.ts";

/** Outcomes are switched in the search text itself, so that address, chips and export agree. */

const term = (outcome: Outcome): string => `-outcome:${outcome}`;

const tokens = (q: string): string[] => q.trim().split(/\s+/).filter(Boolean);

export const isHidden = (q: string, outcome: Outcome): boolean => tokens(q).includes(term(outcome));

/** The search with one outcome left out, or let in again. */
export function toggleOutcome(q: string, outcome: Outcome): string {
  const wanted = term(outcome);
  if (isHidden(q, outcome)) {
    // A phrase keeps its spaces: only the one word goes.
    return q.replace(new RegExp(`(^|\\s+)${wanted}(?=\\s|$)`), "").trim();
  }
  const text = q.trim();
  // AND binds before OR: what is there becomes one thing first.
  const isChoice = tokens(text).includes("OR") && !isClosed(text);
  return `${isChoice ? `(${text})` : text} ${wanted}`.trim();
}

/** Whether one pair of parentheses holds all of the text. */
function isClosed(text: string): boolean {
  if (!text.startsWith("(") || !text.endsWith(")")) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    if (depth === 0 && at < text.length - 1) return false;
  }
  return true;
}
