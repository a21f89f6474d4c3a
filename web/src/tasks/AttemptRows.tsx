import { useState } from "react";
import type { Attempt, RunDetail } from "../api/trail.ts";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { StatusMark } from "../logs/cells.tsx";
import { OneLine } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { lengthText } from "../time/length.ts";
import { State } from "./RunRow.tsx";

const text = trail.runs;

interface AttemptRowsProps {
  detail: RunDetail;
  zone: string;
  format: DateFormat;
  open: string | null;
  onOpen: (id: string) => void;
}

/** The attempts of a run, each with its entries. */
export function AttemptRows({ detail, ...rest }: AttemptRowsProps) {
  const jobs = new Set(detail.attempts.map((attempt) => attempt.job_id)).size;
  return (
    <>
      {detail.attempts.map((attempt) => (
        <AttemptRow
          key={`${attempt.job_id} ${attempt.attempt}`}
          attempt={attempt}
          many={jobs > 1}
          single={detail.attempts.length === 1}
          {...rest}
        />
      ))}
      {detail.cut && (
        <tr className="att">
          <td colSpan={10} className="muted">
            {text.cut}
          </td>
        </tr>
      )}
    </>
  );
}

interface AttemptRowProps extends Omit<AttemptRowsProps, "detail"> {
  attempt: Attempt;
  /** Whether the run has several jobs, so that the job's name must be said. */
  many: boolean;
  /** The only attempt shows its entries at once. */
  single: boolean;
}

function AttemptRow({ attempt, many, single, zone, format, open, onOpen }: AttemptRowProps) {
  const [isOpen, setOpen] = useState(single);
  const name = many
    ? text.attemptOf(attempt.attempt, visible(attempt.job_id))
    : text.attempt(attempt.attempt);
  return (
    <>
      <tr className={isOpen ? "att open" : "att"} aria-level={2} aria-expanded={isOpen}>
        <td className="c-started">
          <button
            type="button"
            className="twist"
            aria-expanded={isOpen}
            aria-label={`${name}: ${text.entriesOf(attempt.entries.length)}`}
            onClick={() => setOpen((before) => !before)}
          >
            <Icon name="right" />
          </button>
          <time dateTime={attempt.started_at}>
            {momentText(Date.parse(attempt.started_at), zone, format)}
          </time>
        </td>
        <td className="c-task">
          <OneLine text={name} />
        </td>
        <td className="c-state">
          <State state={attempt.state} />
        </td>
        <td className="c-attempts" />
        <td className="num c-duration">
          {attempt.duration_ms !== null && lengthText(attempt.duration_ms)}
        </td>
        <td colSpan={2} className="mono c-reason">
          {attempt.reason && <OneLine text={attempt.reason} />}
        </td>
        <td className="muted c-worker">{attempt.worker && <OneLine text={attempt.worker} />}</td>
        <td className="c-by" />
        <td className="c-job" />
      </tr>
      {isOpen &&
        attempt.entries.map((event) => (
          <EntryRow
            key={event.index}
            event={event}
            zone={zone}
            format={format}
            isOpen={event.id === open}
            onOpen={onOpen}
          />
        ))}
    </>
  );
}

interface EntryRowProps {
  event: AuditEvent;
  zone: string;
  format: DateFormat;
  isOpen: boolean;
  onOpen: (id: string) => void;
}

function EntryRow({ event, zone, format, isOpen, onOpen }: EntryRowProps) {
  const target = (event.targets ?? [])[0];
  return (
    <tr className={isOpen ? "att ent sel" : "att ent"} aria-level={3}>
      <td className="c-started">
        <time dateTime={event.occurred_at}>
          {momentText(Date.parse(event.occurred_at), zone, format)}
        </time>
      </td>
      <td className="c-task">
        <button type="button" className="linkish" onClick={() => onOpen(event.id)}>
          <OneLine text={event.operation} />
        </button>
      </td>
      <td className="c-state">
        {event.job?.state ? (
          <State state={event.job.state === "started" ? "began" : event.job.state} />
        ) : (
          <StatusMark event={event} />
        )}
      </td>
      <td className="c-attempts" />
      <td className="num c-duration">
        {typeof event.job?.duration_ms === "number" && lengthText(event.job.duration_ms)}
      </td>
      <td colSpan={5} className="muted c-reason">
        <OneLine
          text={
            event.reason ||
            [target?.type, target?.name || target?.id].filter(Boolean).join(" ") ||
            event.method ||
            ""
          }
        />
      </td>
    </tr>
  );
}
