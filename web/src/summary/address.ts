import type { TimeRange } from "../api/types.ts";
import { type View, writeView } from "../logs/view.ts";

/** The search text with one more term; an alternative keeps its meaning in parentheses. */
export function withTerm(q: string, term: string | null): string {
  const text = q.trim();
  if (!term) return text;
  if (!text) return term;
  return / OR /.test(text) ? `(${text}) ${term}` : `${text} ${term}`;
}

/** The address of the list with one more term, in this period or in another range. */
export function listAddress(view: View, term: string | null, range: TimeRange | null): string {
  const at: Partial<View> = range
    ? { period: null, date: null, from: range.from, to: range.to }
    : {};
  return (
    writeView({
      ...view,
      ...at,
      view: "list",
      event: null,
      everyEntry: view.stream === "task",
      q: withTerm(view.q, term),
    }) || "?stream=user"
  );
}
