import { useInfiniteQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { fetchRuns, type Run, type RunState } from "../api/trail.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { IndexNotice } from "../logs/IndexNotice.tsx";
import type { Scope } from "../logs/scope.ts";
import { shownName } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { spanText } from "../time/format.ts";
import { lengthText } from "../time/length.ts";
import { RunRow } from "./RunRow.tsx";
import { looksOf } from "./states.ts";
import "./runs.css";

const text = trail.runs;
const PAGE_RUNS = 100;
const STATES: RunState[] = [
  "succeeded",
  "failed",
  "cancelled",
  "running",
  "queued",
  "retrying",
  "unknown",
];
const OPEN: RunState[] = ["running", "queued", "retrying"];

interface RunsTableProps {
  scope: Scope;
  /** Asks for all of it anew when it changes. */
  generation: number;
  now: number;
  /** The event that is open beside the table, if any. */
  open: string | null;
  onOpen: (id: string) => void;
  /** Offers what has come meanwhile. */
  children?: ReactNode;
}

/** The Tasks tab: one row per run, which opens to its attempts and their entries. */
export default function RunsTable({
  scope,
  generation,
  now,
  open,
  onOpen,
  children,
}: RunsTableProps) {
  const [state, setState] = useState<string | null>(null);
  const body = useRef<HTMLTableElement>(null);
  const { stream: _, order: __, ...filters } = scope.filters;
  const parameters = { ...filters, state };
  const query = useInfiniteQuery({
    queryKey: ["runs", parameters, generation],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      fetchRuns({ ...parameters, limit: PAGE_RUNS, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next_cursor,
  });
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.runs) ?? [], [query.data]);
  const totals = query.data?.pages[0]?.totals ?? null;
  const span = spanOfRuns(runs, now);

  const onKeyDown = (event: KeyboardEvent) => {
    const rows = Array.from(
      body.current?.querySelectorAll<HTMLElement>("tbody tr[tabindex]") ?? [],
    );
    const at = rows.indexOf((event.target as HTMLElement).closest("tr") as HTMLElement);
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (by === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
  };

  return (
    <>
      {!query.isError && (
        <div className="runs-head">
          <p className="explain runs-explain" aria-live="polite">
            {text.lead} <b>{shownName(scope)}</b>.{" "}
            {totals && text.explain(totals.runs, totals.entries)}
          </p>
          {children}
        </div>
      )}
      {query.isError ? (
        // A mistake in the search text is shown at its place, above.
        !(query.error instanceof ApiProblem && query.error.status === 400) && (
          <Failure problem={query.error} retry={() => query.refetch()} />
        )
      ) : (
        <div className="scroll">
          <table
            ref={body}
            className="runs"
            aria-label={text.table}
            aria-busy={query.isPending}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the ARIA treegrid pattern, on a table
            role="treegrid"
            onKeyDown={onKeyDown}
          >
            <colgroup>
              <col className="c-started" />
              <col className="c-task" />
              <col className="c-state" />
              <col className="c-attempts" />
              <col className="c-duration" />
              <col className="c-span" />
              <col className="c-queue" />
              <col className="c-worker" />
              <col className="c-by" />
              <col className="c-job" />
            </colgroup>
            <thead>
              <tr>
                <th scope="col" aria-sort="descending">
                  {text.columns.started}
                  <Icon name="dn" />
                </th>
                <th scope="col">{text.columns.task}</th>
                <th scope="col">{text.columns.state}</th>
                <th scope="col" className="num">
                  {text.columns.attempts}
                </th>
                <th scope="col" className="num">
                  {text.columns.duration}
                </th>
                <th scope="col" className="c-span">
                  {span ? (
                    spanText(span.from, span.to, scope.zone, scope.settings.date_format)
                  ) : (
                    <span className="vh">{text.columns.span}</span>
                  )}
                </th>
                <th scope="col" className="c-queue">
                  {text.columns.queue}
                </th>
                <th scope="col" className="c-worker">
                  {text.columns.worker}
                </th>
                <th scope="col">{text.columns.by}</th>
                <th scope="col" className="c-job">
                  {text.columns.job}
                </th>
              </tr>
            </thead>
            <tbody>
              {query.isPending && <Bones />}
              {runs.map((run, at) => (
                <RunRow
                  key={run.id}
                  run={run}
                  isFirst={at === 0}
                  span={span}
                  now={now}
                  zone={scope.zone}
                  format={scope.settings.date_format}
                  open={open}
                  onOpen={onOpen}
                />
              ))}
            </tbody>
          </table>
          {query.data && runs.length === 0 && (
            <div className="state">
              <Icon name="empty" className="big" />
              <h2>{state ? text.noneState : text.none}</h2>
              {state && (
                <div className="acts">
                  <button type="button" className="btn" onClick={() => setState(null)}>
                    {text.all}
                  </button>
                </div>
              )}
            </div>
          )}
          {query.hasNextPage && (
            <p className="runs-more">
              <button
                type="button"
                className="btn"
                disabled={query.isFetchingNextPage}
                onClick={() => query.fetchNextPage()}
              >
                {text.more}
              </button>
            </p>
          )}
        </div>
      )}
      <div className="endbar">
        {totals && (
          <>
            <button
              type="button"
              className="run-count"
              aria-pressed={state === null}
              onClick={() => setState(null)}
            >
              <b>{text.count(totals.runs)}</b>
            </button>
            {STATES.filter((one) => (totals.by_state[one] ?? 0) > 0).map((one) => {
              const { look, icon } = looksOf(one);
              // The open ones are asked for together.
              const asked = OPEN.includes(one) ? "open" : one;
              return (
                <button
                  key={one}
                  type="button"
                  className={`run-count st ${look}`}
                  aria-pressed={state === asked}
                  onClick={() => setState(state === asked ? null : asked)}
                >
                  <Icon name={icon} />
                  {totals.by_state[one]} {text.states[one]?.toLowerCase()}
                </button>
              );
            })}
          </>
        )}
        <span className="grow" />
        <IndexNotice />
        {totals?.median_ms != null && (
          <span className="mid-info">{text.median(lengthText(totals.median_ms))}</span>
        )}
        <span className="mid-info wide">
          {messages.times.formats[scope.settings.date_format]}, {scope.zone}
        </span>
      </div>
    </>
  );
}

export interface RunSpan {
  from: number;
  to: number;
}

/** From the first start to the last end among the rows: what their bars are drawn on. */
function spanOfRuns(runs: Run[], now: number): RunSpan | null {
  if (runs.length === 0) return null;
  const from = Math.min(...runs.map((run) => Date.parse(run.started_at)));
  const ends = runs.map((run) => (run.ended_at ? Date.parse(run.ended_at) : 0));
  const last = Math.max(...ends, ...runs.map((run) => Date.parse(run.started_at)));
  // One left open long ago must not press all others into a hair.
  const wanted = runs.some((run) => run.ended_at === null)
    ? Math.min(now, last + (last - from))
    : last;
  const to = Math.max(last, wanted);
  return { from, to: Math.max(to, from + 60_000) };
}

function Bones() {
  return Array.from({ length: 8 }, (_, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: all the same
    <tr key={at}>
      <td colSpan={10}>
        <span className="bone run-bone" />
      </td>
    </tr>
  ));
}
