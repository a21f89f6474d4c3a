import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Parameters } from "../api/client.ts";
import { fetchSummary, type Summary } from "../api/summary.ts";
import { splitSentence } from "../logs/Explain.tsx";
import { Failure } from "../logs/Failure.tsx";
import { IndexNotice } from "../logs/IndexNotice.tsx";
import type { Scope } from "../logs/scope.ts";
import type { Change } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { Shown } from "../text/Shown.tsx";
import { Cards } from "./Cards.tsx";
import { ChangesPanel } from "./ChangesPanel.tsx";
import { rangeText } from "./names.ts";
import { SummaryTable } from "./SummaryTable.tsx";
import { Versus } from "./Versus.tsx";

const text = messages.summary;

interface SummaryViewProps {
  scope: Scope;
  change: Change;
  narrow: boolean;
  /** Told why there is no answer, and null when there is one. */
  onProblem: (problem: unknown) => void;
}

/** Two periods side by side, in place of the list. */
export default function SummaryView({ scope, change, narrow, onProblem }: SummaryViewProps) {
  const { view } = scope;
  const { order: _, ...common } = scope.filters;
  const isChanges = view.by === "changes";
  const filters: Parameters = { ...common, compare: view.compare };
  const sort = view.sort ?? "count";
  const asked: Parameters = {
    ...filters,
    by: isChanges ? "operation" : (view.by ?? "operation"),
    sort: sort.replace(/^-/, ""),
    order: sort.startsWith("-") ? "asc" : "desc",
    limit: isChanges ? 1 : 200,
  };
  const query = useQuery({
    queryKey: ["summary", asked],
    queryFn: ({ signal }) => fetchSummary(asked, signal),
    placeholderData: keepPreviousData,
  });
  const summary = query.isError ? undefined : query.data;
  const { error } = query;
  useEffect(() => onProblem(error), [error, onProblem]);
  return (
    <>
      <p id="explain" className="explain" aria-live="polite">
        {summary ? <Explained summary={summary} scope={scope} /> : messages.logs.reading}
      </p>
      <section
        id="events"
        className="page summary-page"
        role="tabpanel"
        aria-labelledby={`tab-${view.stream}`}
      >
        {query.isError && (
          <Failure problem={query.error} isSearch={view.q !== ""} retry={() => query.refetch()} />
        )}
        {summary && (
          <>
            <Cards summary={summary} view={view} />
            <Versus summary={summary} scope={scope} change={change} narrow={narrow} />
            {isChanges && <ChangesPanel scope={scope} filters={filters} />}
            {!isChanges && summary.lines.length > 0 && (
              <SummaryTable summary={summary} scope={scope} change={change} />
            )}
            {summary.values === 0 && (
              <div className="state">
                <h2>{text.nothing}</h2>
                <p>{text.nothingHint}</p>
              </div>
            )}
          </>
        )}
      </section>
      <div className="endbar">
        {summary && !isChanges && (
          <span>
            <b>{text.values(summary.values, text.by[summary.by] ?? summary.by)}</b>,{" "}
            {messages.amounts.events(summary.now.events)}
            {summary.lines.length < summary.values && `, ${text.listed(summary.lines.length)}`}
          </span>
        )}
        <span className="grow" />
        <IndexNotice />
        {summary && (
          <span className="wide" title={countText(summary.indexed_through)}>
            {messages.logs.indexed(summary.indexed_through)}
          </span>
        )}
        <span className="mid-info">{text.opens}</span>
      </div>
    </>
  );
}

function Explained({ summary, scope }: { summary: Summary; scope: Scope }) {
  const { periods } = summary;
  const [what] = splitSentence(summary.explained, summary.when);
  return (
    <>
      <Shown text={what.trimEnd()} />{" "}
      <b>
        {rangeText(scope, periods.this)}
        {periods.so_far && text.soFar}
      </b>
      {text.against}
      <b>
        {periods.so_far && text.sameHours}
        {rangeText(scope, periods.other)}
      </b>
      , {scope.zone}.
    </>
  );
}
