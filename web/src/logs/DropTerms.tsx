import { useQueries } from "@tanstack/react-query";
import { fetchStats } from "../api/log.ts";
import { Link } from "../app/Link.tsx";
import { removeTerm } from "../query/edits.ts";
import { readTerms } from "../query/terms.ts";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { cutMiddle } from "../text/visible.ts";
import type { Scope } from "./scope.ts";
import { writeView } from "./view.ts";

const MOST = 6;
const LONGEST = 60;

/** Which condition leaves nothing: how many events there are without each of them. */
export function DropTerms({ scope }: { scope: Scope }) {
  const { view } = scope;
  const terms = readTerms(view.q).slice(0, MOST);
  const { order: _, ...filters } = scope.filters;
  const found = useQueries({
    queries: terms.map((term) => {
      const asked = { ...filters, q: removeTerm(view.q, term) };
      return {
        queryKey: ["stats", "without", asked],
        queryFn: ({ signal }: { signal: AbortSignal }) => fetchStats(asked, signal),
        enabled: terms.length > 1,
      };
    }),
  });
  const offers = terms
    .map((term, at) => ({ term, count: found[at]?.data?.total ?? 0 }))
    .filter(({ count }) => count > 0);
  if (offers.length === 0) return null;
  return (
    <ul className="drops">
      {offers.map(({ term, count }) => (
        <li key={term.start}>
          <Link to={writeView({ ...view, q: removeTerm(view.q, term), event: null })}>
            {messages.states.without} <Shown text={cutMiddle(term.text, LONGEST)} />
          </Link>
          : {messages.amounts.events(count)}
        </li>
      ))}
    </ul>
  );
}
