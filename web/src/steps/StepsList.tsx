import type { Step } from "../api/trail.ts";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { StatusMark } from "../logs/cells.tsx";
import { OneLine } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { momentText } from "../time/format.ts";
import { gapText } from "../time/length.ts";

const text = trail.steps;

interface Group {
  key: string;
  session: string | null;
  steps: Step[];
}

/** Steps that follow each other in the same session, together. */
function groupsOf(steps: Step[]): Group[] {
  const groups: Group[] = [];
  for (const step of steps) {
    const session = step.event.context?.session_id || null;
    const last = groups[groups.length - 1];
    if (last && last.session === session) last.steps.push(step);
    else groups.push({ key: `${step.number}`, session, steps: [step] });
  }
  return groups;
}

interface StepsListProps {
  steps: Step[];
  zone: string;
  format: DateFormat;
  tenant: string;
}

const eventLink = (event: AuditEvent, zone: string): string =>
  `event?${new URLSearchParams({ id: event.id, tz: zone }).toString()}`;

/** The steps, by session and request, with the time that passed between them. */
export function StepsList({ steps, zone, format }: StepsListProps) {
  return (
    <section className="steps" aria-label={text.list}>
      {groupsOf(steps).map((group) => (
        <section key={group.key} className="steps-session">
          <h2>
            <Icon name="key" />
            <OneLine text={group.session ? text.session(group.session) : text.noSession} />
            <span className="muted">{text.count(group.steps.length, group.steps.length)}</span>
          </h2>
          <ol>
            {group.steps.map((step) => (
              <StepLine key={step.number} step={step} zone={zone} format={format} />
            ))}
          </ol>
        </section>
      ))}
    </section>
  );
}

function StepLine({ step, zone, format }: { step: Step; zone: string; format: DateFormat }) {
  const { event } = step;
  const gap = step.gap_s === null ? "" : gapText(step.gap_s);
  const target = (event.targets ?? [])[0];
  const request = event.context?.request_id;
  const reason = step.failed ? event.reason : null;
  const look = `${step.failed ? "a-step failed" : "a-step"}${step.new_request ? "" : " inside"}`;
  return (
    <li id={`step-${step.number}`} className={look}>
      {gap && (step.gap_s ?? 0) >= 60 && <p className="step-gap">{text.later(gap)}</p>}
      <div className="step-line">
        <span className="step-n">{step.number}</span>
        <time dateTime={event.occurred_at} title={event.occurred_at}>
          {momentText(Date.parse(event.occurred_at), zone, format)}
        </time>
        <span className="step-soon muted">{gap && (step.gap_s ?? 0) < 60 ? `+${gap}` : ""}</span>
        <span className="step-method">
          <OneLine text={event.method || event.job?.state || "—"} />
        </span>
        <span className="step-where mono">
          <OneLine text={event.endpoint || "—"} tail={16} />
        </span>
        <StatusMark event={event} />
        <Link className="step-what" to={eventLink(event, zone)}>
          <OneLine text={event.operation} />
        </Link>
        <span className="step-target muted">
          {target && (
            <OneLine text={[target.type, target.name || target.id].filter(Boolean).join(" ")} />
          )}
        </span>
        <span className="step-request muted mono" title={request ? text.request(request) : ""}>
          {request && step.new_request && <OneLine text={request} tail={6} />}
        </span>
      </div>
      {step.failed && (
        <p className="step-why st fail">
          <Icon name="fail" />
          {text.failed}
          {reason && (
            <>
              {": "}
              <OneLine text={reason} />
            </>
          )}
        </p>
      )}
    </li>
  );
}
