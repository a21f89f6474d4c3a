import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { fetchRun, type Run } from "../api/trail.ts";
import type { DateFormat } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { stepsLink } from "../steps/link.ts";
import { OneLine } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { lengthText } from "../time/length.ts";
import { AttemptRows } from "./AttemptRows.tsx";
import type { RunSpan } from "./RunsTable.tsx";
import { looksOf } from "./states.ts";

const text = trail.runs;

interface RunRowProps {
  run: Run;
  isFirst: boolean;
  span: RunSpan | null;
  now: number;
  zone: string;
  format: DateFormat;
  open: string | null;
  onOpen: (id: string) => void;
}

/** One run; opened, its attempts follow in rows of their own. */
export function RunRow({ run, isFirst, span, now, zone, format, open, onOpen }: RunRowProps) {
  const [isOpen, setOpen] = useState(false);
  const detail = useQuery({
    queryKey: ["run", run.id, run.entries],
    queryFn: ({ signal }) => fetchRun(run.id, signal),
    enabled: isOpen,
  });
  const started = Date.parse(run.started_at);
  const length = run.duration_ms ?? Math.max(0, now - started);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "ArrowRight") setOpen(true);
    else if (event.key === "ArrowLeft") setOpen(false);
    else if (event.key === "Enter" || event.key === " ") setOpen((before) => !before);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <tr
        aria-expanded={isOpen}
        aria-level={1}
        className={`run${isOpen ? " open" : ""}${run.overdue ? " overdue" : ""}`}
        tabIndex={isFirst ? 0 : -1}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          if (!(event.target as HTMLElement).closest("a, button")) setOpen((before) => !before);
        }}
      >
        <td className="c-started">
          <button
            type="button"
            className="twist"
            tabIndex={-1}
            aria-expanded={isOpen}
            aria-label={text.open(visible(run.operation))}
            onClick={() => setOpen((before) => !before)}
          >
            <Icon name="right" />
          </button>
          <time dateTime={run.started_at} title={run.started_at}>
            {momentText(started, zone, format)}
          </time>
        </td>
        <td className="c-task">
          <b>
            <OneLine text={run.operation} />
          </b>
        </td>
        <td className="c-state">
          <State state={run.state} />
          {run.overdue && (
            <span
              className="tag late"
              title={run.usual_ms === null ? "" : text.overdueLong(lengthText(run.usual_ms))}
            >
              <Icon name="wait" />
              {text.overdue}
            </span>
          )}
        </td>
        <td className="num c-attempts" data-label={text.columns.attempts}>
          {run.attempts}
        </td>
        <td className="num c-duration">{lengthText(length)}</td>
        <td className="c-span">{span && <Bar run={run} span={span} now={now} />}</td>
        <td className="muted c-queue">{run.queue && <OneLine text={run.queue} />}</td>
        <td className="muted c-worker">{run.worker && <OneLine text={run.worker} />}</td>
        <td className="c-by">
          {run.caused_by ? (
            <Link
              to={
                run.caused_by.event_id
                  ? `why?event=${run.caused_by.event_id}`
                  : stepsLink({ actor: run.caused_by.name })
              }
            >
              <OneLine text={run.caused_by.name} tail={6} />
            </Link>
          ) : (
            <span className="muted">{text.itself}</span>
          )}
        </td>
        <td className="mono muted c-job">
          <OneLine text={run.id} tail={6} />
        </td>
      </tr>
      {isOpen &&
        (detail.isError ? (
          <tr className="att">
            <td colSpan={10}>
              <Failure problem={detail.error} retry={() => detail.refetch()} />
            </td>
          </tr>
        ) : detail.data ? (
          <AttemptRows
            detail={detail.data}
            zone={zone}
            format={format}
            open={open}
            onOpen={onOpen}
          />
        ) : (
          <tr className="att">
            <td colSpan={10} className="muted">
              {text.readingOne}
            </td>
          </tr>
        ))}
    </>
  );
}

export function State({ state }: { state: string }) {
  const { look, icon } = looksOf(state);
  return (
    <span className={`st ${look}`}>
      <Icon name={icon} />
      {text.states[state] ?? state}
    </span>
  );
}

const WIDE = 1000;

/** Where in the time of the page the run lies. Drawn as attributes: the policy allows no styles. */
function Bar({ run, span, now }: { run: Run; span: RunSpan; now: number }) {
  const whole = span.to - span.from;
  const start = Date.parse(run.started_at);
  const end = run.ended_at ? Date.parse(run.ended_at) : Math.min(now, span.to);
  const x = ((start - span.from) / whole) * WIDE;
  const width = Math.max(18, ((Math.max(end, start) - start) / whole) * WIDE);
  return (
    <svg
      className="run-span"
      viewBox={`0 0 ${WIDE} 8`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="back" width={WIDE} height="8" />
      <rect
        className={looksOf(run.state).look}
        x={Math.min(x, WIDE - width)}
        width={width}
        height="8"
      />
    </svg>
  );
}
