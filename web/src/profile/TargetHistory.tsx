import { fromAbsolute, parseDateTime, toZoned } from "@internationalized/date";
import { useQuery } from "@tanstack/react-query";
import { fetchHistory, type History, type HistoryStep } from "../api/profile.ts";
import type { Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { go } from "../app/route.ts";
import { actorName } from "../logs/cells.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { profileAddress } from "./address.ts";
import { type FieldNow, stateAfter, stepAt, valueText } from "./state.ts";

const text = messages.profile;
const STEPS = 2000;

interface TargetHistoryProps {
  session: Session;
  type: string;
  id: string;
  at: string | null;
}

/** Who made it, who changed it last, its fields at any moment, and every change in order. */
export function TargetHistory({ session, type, id, at }: TargetHistoryProps) {
  const asked = { type, id, limit: STEPS };
  const query = useQuery({
    queryKey: ["history", asked],
    queryFn: ({ signal }) => fetchHistory(asked, signal),
    retry: false,
  });
  if (query.isError) return <Failure problem={query.error} retry={() => query.refetch()} />;
  const history = query.data;
  if (!history || history.steps.length === 0) return null;
  const { zone, date_format } = session.settings;
  const moment = (iso: string) => momentText(Date.parse(iso), zone, date_format);
  const place = stepAt(history.steps, at);
  const choose = (iso: string | null) => {
    const to = profileAddress("target", id, type);
    go(iso === null ? to : `${to}&at=${encodeURIComponent(iso)}`, { replace: true });
  };
  return (
    <>
      <Head history={history} session={session} moment={moment} />
      <section className="panel" aria-label={text.state}>
        <header>
          <h2>{text.stateAt(moment(at ?? history.steps.at(-1)?.event.occurred_at ?? ""))}</h2>
        </header>
        <div className="in">
          <div className="moments">
            <input
              type="range"
              aria-label={text.moment}
              min={0}
              max={history.steps.length - 1}
              value={Math.max(0, place)}
              aria-valuetext={moment(history.steps[Math.max(0, place)]?.event.occurred_at ?? "")}
              onChange={(event) =>
                choose(history.steps[Number(event.target.value)]?.event.occurred_at ?? null)
              }
            />
            <input
              type="datetime-local"
              className="input"
              step={1}
              aria-label={text.moment}
              value={localText(at ?? history.steps.at(-1)?.event.occurred_at ?? "", zone)}
              onChange={(event) => {
                const iso = isoOf(event.target.value, zone);
                if (iso) choose(iso);
              }}
            />
          </div>
          <Fields fields={stateAfter(history.steps, place)} session={session} moment={moment} />
        </div>
      </section>
      <section className="panel" aria-label={text.history}>
        <header>
          <h2>{text.history}</h2>
          {history.cut && (
            <span className="muted">{text.cut(history.steps.length, history.total)}</span>
          )}
        </header>
        <ol className="in history">
          {history.steps
            .map((step) => (
              <Step key={step.event.index} step={step} session={session} moment={moment} />
            ))
            .reverse()}
        </ol>
      </section>
    </>
  );
}

interface Common {
  session: Session;
  moment: (iso: string) => string;
}

function Head({ history, session, moment }: Common & { history: History }) {
  const said = (step: HistoryStep | undefined): [string, string] => [
    actorName(step?.event.actor, session.tenant.name),
    moment(step?.event.occurred_at ?? ""),
  ];
  const { created, updated, steps } = history;
  const first =
    created === null ? text.firstSeen(...said(steps[0])) : text.createdBy(...said(steps[created]));
  const last = updated === null ? text.neverUpdated : text.updatedBy(...said(steps[updated]));
  return (
    <p className="lead">
      {history.name && (
        <>
          <b>
            <Shown text={history.name} />
          </b>{" "}
          ·{" "}
        </>
      )}
      <Shown text={first} /> · <Shown text={last} />
    </p>
  );
}

function Fields({ fields, session, moment }: Common & { fields: FieldNow[] }) {
  if (fields.length === 0) return <p className="muted">{text.noFields}</p>;
  return (
    <table className="plain fields-now">
      <thead>
        <tr>
          <th>{text.field}</th>
          <th>{text.value}</th>
          <th>{text.setBy}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field.path}>
            <td data-label={text.field}>
              <OneLine text={field.path} />
            </td>
            <td data-label={text.value} className="mono">
              <Shown text={valueText(field.value)} />
              {field.unsure && <small className="muted"> ({text.unsure})</small>}
            </td>
            <td data-label={text.setBy}>
              <OneLine text={actorName(field.event.actor, session.tenant.name)} />{" "}
              <Link to={`?event=${encodeURIComponent(field.event.id)}`}>
                {moment(field.event.occurred_at)}
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Step({ step, session, moment }: Common & { step: HistoryStep }) {
  const { event } = step;
  return (
    <li>
      <p>
        <Link to={`?event=${encodeURIComponent(event.id)}`}>{moment(event.occurred_at)}</Link>{" "}
        <b>
          <Shown text={event.operation} />
        </b>{" "}
        <Shown text={actorName(event.actor, session.tenant.name)} />
        {step.erased && <span className="gone"> {text.erased}</span>}
        {!step.erased && !step.applied && (event.changes?.length ?? 0) > 0 && (
          <span className="tag"> {text.notApplied}</span>
        )}
      </p>
      {(event.changes ?? []).map((change) => (
        <p key={change.path} className="mono step-change">
          <Shown text={change.path} />:{" "}
          <del>
            <Shown text={valueText(change.before)} />
          </del>{" "}
          <span className="vh">{text.became}</span>{" "}
          <ins>
            <Shown text={valueText(change.after)} />
          </ins>
        </p>
      ))}
      {step.seams.map((seam) => (
        <p key={seam.path} className={seam.unsaid ? "unsaid" : "seam"}>
          {seam.unsaid
            ? text.unsaid(moment(seam.since))
            : text.seam(moment(seam.since), moment(event.occurred_at))}
          :{" "}
          <code>
            <Shown
              text={
                seam.unsaid
                  ? `${seam.path}: ${valueText(seam.left)}`
                  : `${seam.path}: ${valueText(seam.left)} → ${valueText(seam.found)}`
              }
            />
          </code>
        </p>
      ))}
    </li>
  );
}

function localText(iso: string, zone: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  return fromAbsolute(at, zone).toString().slice(0, 19);
}

function isoOf(local: string, zone: string): string | null {
  try {
    return toZoned(parseDateTime(local), zone).toDate().toISOString();
  } catch {
    return null;
  }
}
