import { useQuery } from "@tanstack/react-query";
import { fetchWhy, type Why, type WhyNode } from "../api/trail.ts";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { actorName, OUTCOME_LOOKS, statusText } from "../logs/cells.tsx";
import { Failure } from "../logs/Failure.tsx";
import { stepsLink } from "../steps/link.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { cutMiddle } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { gapText } from "../time/length.ts";
import "./why.css";

const text = trail.why;

interface WhyTreeProps {
  id: string;
  zone: string;
  format: DateFormat;
  tenant: string;
  /** The address at which an event of the tree opens. */
  linkOf: (event: AuditEvent) => string;
}

/** All that is tied to an event, as one tree up to whoever is at its root. */
export function WhyTree({ id, zone, format, tenant, linkOf }: WhyTreeProps) {
  const query = useQuery({
    queryKey: ["why", id],
    queryFn: ({ signal }) => fetchWhy(id, signal),
  });
  if (query.isError) return <Failure problem={query.error} retry={() => query.refetch()} />;
  if (!query.data) {
    return (
      <p className="muted" aria-busy="true">
        {text.reading}
      </p>
    );
  }
  const why = query.data;
  const moment = (at: string): string => momentText(Date.parse(at), zone, format);
  const focusAt = why.nodes.find((node) => node.key === why.focus)?.at;
  const day = focusAt ? moment(focusAt).slice(0, 10) : "";
  // On the day of the event itself the hours are enough.
  const clock = (at: string): string => moment(at).replace(`${day} `, "");
  const alone = why.nodes.filter((node) => node.kind === "event").length <= 1;
  return (
    <div className="why">
      <Because why={why} tenant={tenant} linkOf={linkOf} />
      {alone && <p className="muted">{text.alone}</p>}
      <ul className="why-tree" aria-label={text.tree}>
        {childrenOf(why, null).map((node) => (
          <Branch
            key={node.key}
            why={why}
            node={node}
            moment={clock}
            linkOf={linkOf}
            tenant={tenant}
          />
        ))}
      </ul>
      {why.partial.length > 0 && (
        <p className="why-part">
          <Icon name="denied" /> {text.partial}{" "}
          {why.partial.map((reason) => text.reasons[reason]).join(" ")}
        </p>
      )}
      <p className="muted">{text.looked(moment(why.looked_from), moment(why.looked_to))}</p>
    </div>
  );
}

const childrenOf = (why: Why, parent: string | null): WhyNode[] =>
  why.nodes.filter((node) => node.parent === parent);

/** The answer in one sentence: who began it, with what, and how long before. */
function Because({ why, tenant, linkOf }: { why: Why } & Pick<WhyTreeProps, "tenant" | "linkOf">) {
  const cause = why.because;
  const focus = why.nodes.find((node) => node.key === why.focus)?.event;
  if (!cause) return <p className="why-say">{text.itself}</p>;
  const before = focus && (Date.parse(focus.occurred_at) - Date.parse(cause.occurred_at)) / 1000;
  const gap = before ? gapText(before) : "";
  return (
    <p className="why-say">
      {text.because}{" "}
      <Link to={linkOf(cause)}>
        <b>
          <Shown text={cutMiddle(cause.operation, 80)} />
        </b>
      </Link>{" "}
      {text.by}{" "}
      <b>
        <Shown text={cutMiddle(cause.actor?.name || actorName(cause.actor, tenant), 80)} />
      </b>
      {gap && `, ${text.before(gap)}`}.
    </p>
  );
}

const ICONS: Record<WhyNode["kind"], IconName> = {
  actor: "person",
  session: "key",
  request: "ext",
  job: "task",
  event: "log",
};

interface BranchProps {
  why: Why;
  node: WhyNode;
  moment: (at: string) => string;
  linkOf: (event: AuditEvent) => string;
  tenant: string;
}

function Branch({ why, node, moment, linkOf, tenant }: BranchProps) {
  const inside = childrenOf(why, node.key);
  const isFocus = node.key === why.focus;
  const onPath = why.path.includes(node.key);
  return (
    <li>
      <div
        className={`why-node ${node.kind}${isFocus ? " focus" : onPath ? " on-path" : ""}`}
        aria-current={isFocus ? "true" : undefined}
      >
        <Icon name={iconOf(node)} />
        {node.kind === "event" && node.event ? (
          <EventLine event={node.event} linkOf={linkOf} isFocus={isFocus} tenant={tenant} />
        ) : (
          <>
            <span className="muted">{text.kinds[node.kind]}</span>
            {node.kind === "session" ? (
              <Link to={stepsLink({ session: node.label })} title={text.steps}>
                <OneLine text={node.label} />
              </Link>
            ) : (
              <span className={node.kind === "actor" ? "why-who" : "mono"}>
                <OneLine text={node.label} />
              </span>
            )}
            {node.kind === "job" && node.event && <OneLine text={node.event.operation} />}
            {node.missing && <span className="muted">{text.missing}</span>}
            {node.cut && <span className="st denied">{text.cut}</span>}
          </>
        )}
        {node.at && node.kind !== "actor" && (
          <time className="why-at" dateTime={node.at} title={node.at}>
            {moment(node.at)}
          </time>
        )}
      </div>
      {inside.length > 0 && (
        <ul>
          {inside.map((child) => (
            <Branch
              key={child.key}
              why={why}
              node={child}
              moment={moment}
              linkOf={linkOf}
              tenant={tenant}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

function iconOf(node: WhyNode): IconName {
  if (node.kind !== "event")
    return node.kind === "actor" && /^actor:(system|task)/.test(node.key)
      ? "gear"
      : ICONS[node.kind];
  return OUTCOME_LOOKS[node.event?.outcome ?? "unknown"]?.icon ?? "none";
}

interface EventLineProps {
  event: AuditEvent;
  linkOf: (event: AuditEvent) => string;
  isFocus: boolean;
  tenant: string;
}

function EventLine({ event, linkOf, isFocus, tenant }: EventLineProps) {
  const target = (event.targets ?? [])[0];
  const state = event.job?.state;
  return (
    <>
      <Link to={linkOf(event)}>
        <OneLine text={event.operation} />
      </Link>
      {target && (
        <OneLine text={[target.type, target.name || target.id].filter(Boolean).join(" ")} />
      )}
      {state && (
        <span className="muted">
          {trail.runs.states[state === "started" ? "began" : state] ?? state}
        </span>
      )}
      <span className="muted why-by">
        <OneLine text={actorName(event.actor, tenant)} />
      </span>
      {typeof event.status === "number" && (
        <span className={`st ${OUTCOME_LOOKS[event.outcome ?? "unknown"]?.look ?? "none"}`}>
          {statusText(event)}
        </span>
      )}
      {isFocus && <span className="tag">{text.here}</span>}
    </>
  );
}
