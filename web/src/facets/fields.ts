import type { Outcome, StatsGroup } from "../api/types.ts";
import type { IconName } from "../icons/Icon.tsx";
import { OUTCOMES } from "../logs/bars.ts";
import { KIND_ICONS, OUTCOME_LOOKS } from "../logs/cells.tsx";
import { termOf } from "../query/build.ts";
import { addTerm, alsoTerm, dropTerms, onlyTerm, removeTerm } from "../query/edits.ts";
import { readTerms, type Term } from "../query/terms.ts";
import { messages } from "../text/messages.ts";

/** One group of the sidebar: what the service counts by, and the field that a search narrows. */
export interface FacetField {
  id: keyof typeof messages.facets.titles;
  group: string;
  field: string;
}

export const FACETS: readonly FacetField[] = [
  { id: "outcome", group: "outcome", field: "outcome" },
  { id: "kind", group: "kind", field: "kind" },
  { id: "category", group: "category", field: "category" },
  { id: "operation", group: "operation", field: "operation" },
  { id: "actor", group: "actor", field: "by" },
  { id: "ip", group: "ip", field: "ip" },
  { id: "method", group: "method", field: "method" },
  { id: "endpoint", group: "endpoint", field: "endpoint" },
  { id: "status", group: "status", field: "status" },
  { id: "source", group: "source", field: "source" },
];

/** What a person reads for a value. */
export function labelOf(facet: FacetField, value: string): string {
  const { logs } = messages;
  if (facet.id === "outcome") return logs.outcomes[value as Outcome] ?? value;
  if (facet.id === "kind") return logs.kinds[value] ?? value;
  return value;
}

export function iconOf(facet: FacetField, value: string): { look: string; icon: IconName } | null {
  if (facet.id === "outcome") return OUTCOME_LOOKS[value as Outcome] ?? null;
  if (facet.id !== "kind") return null;
  const icon = KIND_ICONS[value];
  return icon ? { look: "none", icon } : null;
}

/** Values that a term names: one, or those of `field:(a OR b)`. */
const valuesOf = (term: Term): string[] =>
  !term.isQuoted && term.value.startsWith("(")
    ? readTerms(term.value.slice(1, -1)).map((inner) => inner.value)
    : [term.value];

export type Choice = "in" | "out" | null;

/** How the search treats a value of a facet: kept, left out, or not named. */
export function choiceOf(q: string, facet: FacetField, value: string): Choice {
  const named = termsFor(q, facet, value)[0];
  return named ? (named.isNegated ? "out" : "in") : null;
}

function termsFor(q: string, facet: FacetField, value: string): Term[] {
  const wanted = value.toLowerCase();
  return readTerms(q).filter(
    (term) =>
      term.field === facet.field && valuesOf(term).some((named) => named.toLowerCase() === wanted),
  );
}

const without = (q: string, facet: FacetField, value: string): string => {
  const named = termsFor(q, facet, value)[0];
  return named ? removeTerm(q, named) : q;
};

export function toggled(q: string, facet: FacetField, value: string): string {
  if (choiceOf(q, facet, value) === "in") return without(q, facet, value);
  return alsoTerm(without(q, facet, value), facet.field, termOf(facet.field, value));
}

export function excluded(q: string, facet: FacetField, value: string): string {
  if (choiceOf(q, facet, value) === "out") return without(q, facet, value);
  return addTerm(without(q, facet, value), `-${termOf(facet.field, value)}`);
}

export const only = (q: string, facet: FacetField, value: string): string =>
  onlyTerm(q, facet.field, termOf(facet.field, value));

/** The search without this facet's own conditions, so that its other values stay to be chosen. */
export const otherTerms = (q: string, facet: FacetField): string =>
  dropTerms(q, (term) => term.field === facet.field);

/** Values with their counts, the most frequent first; status codes are put together by class. */
export function countsOf(facet: FacetField, groups: readonly StatsGroup[]): StatsGroup[] {
  const named = groups.filter((group) => group.key !== null && group.key !== "");
  // The four outcomes stand in the order of the timeline, whatever their counts.
  if (facet.id === "outcome") {
    const place = ({ key }: StatsGroup) => OUTCOMES.indexOf(key as Outcome);
    return named.sort((one, other) => place(one) - place(other));
  }
  if (facet.id !== "status") return named;
  const counts = new Map<string, number>();
  for (const { key, count } of named) {
    const name = `${key[0]}xx`;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return [...counts]
    .map(([key, count]) => ({ key, count }))
    .sort((one, other) => other.count - one.count);
}
