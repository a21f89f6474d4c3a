import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import type { Parameters } from "../api/client.ts";
import { fetchCompletion } from "../api/query.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { cutMiddle, visible } from "../text/visible.ts";
import { recentSearches } from "./recent.ts";
import { charactersOf, readTokens, unitsOf } from "./terms.ts";

/** What may stand at the caret: recent searches, names of fields, and values with their counts. */

const LONGEST_LABEL = 80;

function fieldItems(prefix: string): Completion[] {
  const wanted = prefix.toLowerCase();
  return Object.entries(messages.query.fields)
    .filter(([name]) => name.startsWith(wanted))
    .map(([name, what]) => ({
      label: `${name}:`,
      detail: what,
      type: "field",
      apply: (view: EditorView, _: Completion, from: number, to: number) => {
        view.dispatch({
          changes: { from, to, insert: `${name}:` },
          selection: { anchor: from + name.length + 1 },
          userEvent: "input.complete",
        });
        startCompletion(view);
      },
    }));
}

async function valueItems(
  text: string,
  caret: number,
  within: Parameters,
): Promise<CompletionResult | null> {
  try {
    const found = await fetchCompletion(text, charactersOf(text, caret), within);
    if (found.kind !== "value" || found.items.length === 0) return null;
    return {
      from: unitsOf(text, found.start),
      to: unitsOf(text, found.end),
      filter: false,
      options: found.items.map((item) => ({
        label: item.insert,
        displayLabel: visible(cutMiddle(item.label, LONGEST_LABEL)),
        type: "value",
        ...(item.count === null ? {} : { detail: countText(item.count) }),
        ...(item.description && item.count === null ? { detail: item.description } : {}),
      })),
    };
  } catch {
    // No proposals: the search itself says what is wrong.
    return null;
  }
}

async function propose(
  context: CompletionContext,
  within: () => Parameters,
): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const caret = context.pos;
  if (!text.trim()) {
    const recent = recentSearches().map((q) => ({
      label: q,
      displayLabel: visible(cutMiddle(q, LONGEST_LABEL)),
      type: "recent",
      section: { name: messages.query.recent, rank: 0 },
    }));
    const fields = fieldItems("").map((item) => ({
      ...item,
      section: { name: messages.query.fieldsTitle, rank: 1 },
    }));
    return { from: 0, to: text.length, filter: false, options: [...recent, ...fields] };
  }
  const token = readTokens(text).findLast((item) => item.start <= caret && caret <= item.end);
  if (token?.kind === "term" && token.term.field !== null && caret >= token.valueStart)
    return valueItems(text, caret, within());
  if (token?.kind === "term") {
    const from = token.start + (text.slice(token.start).match(/^(?:-|NOT\s+)/)?.[0].length ?? 0);
    const options = fieldItems(text.slice(from, caret));
    return options.length > 0 ? { from, to: token.end, filter: false, options } : null;
  }
  return context.explicit ? { from: caret, filter: false, options: fieldItems("") } : null;
}

/** Proposals under the caret; nothing is chosen until a person chooses, so Enter still searches. */
export const completion = (within: () => Parameters) =>
  autocompletion({
    override: [(context) => propose(context, within)],
    selectOnOpen: false,
    icons: false,
    activateOnTypingDelay: 120,
    interactionDelay: 0,
    maxRenderedOptions: 60,
  });
