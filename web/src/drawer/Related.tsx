import { useQuery } from "@tanstack/react-query";
import { fetchStats } from "../api/log.ts";
import type { AuditEvent, DateFormat, Target } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { actorName } from "../logs/cells.tsx";
import { around, stepsLink, stepsName } from "../steps/link.ts";
import { OneLine } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { WhyTree } from "../tree/WhyTree.tsx";

const text = trail.related;
const WEEK_MS = 7 * 86_400_000;

interface Relation {
  icon: IconName;
  name: string;
  value: string;
  to: string;
  /** Query text that counts what the link leads to, within a week of the event. */
  q: string | null;
}

/** A value for the query language: quoted, so that nothing in it is read as a sign. */
export const quoted = (value: string): string =>
  `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;

const targetText = (target: Target): string => target.name || target.id || target.type || "";

function listLink(event: AuditEvent, q: string, span: { from: string; to: string }): string {
  const parameters = new URLSearchParams({ q, ...span });
  if (event.stream !== "user") parameters.set("stream", event.stream);
  return `?${parameters.toString()}`;
}

function relationsOf(event: AuditEvent, tenant: string): Relation[] {
  const { context, job } = event;
  const at = Date.parse(event.occurred_at);
  const week = {
    from: new Date(at - WEEK_MS).toISOString(),
    to: new Date(at + WEEK_MS).toISOString(),
  };
  const relations: Relation[] = [];
  const add = (
    icon: IconName,
    name: string,
    value: string | null | undefined,
    to: string,
    q: string | null,
  ) => {
    if (value) relations.push({ icon, name, value, to, q });
  };
  const { request_id: request, session_id: session, trace_id: trace } = context ?? {};
  add(
    "ext",
    text.request,
    request,
    stepsLink({ request: request ?? null }),
    `request:${quoted(request ?? "")}`,
  );
  add(
    "key",
    text.session,
    session,
    stepsLink({ session: session ?? null }),
    `session:${quoted(session ?? "")}`,
  );
  const run = job?.root_id || job?.id;
  add(
    "task",
    text.job,
    run,
    `?${new URLSearchParams({ stream: "task", q: `job:${quoted(run ?? "")}`, ...week })}`,
    `job:${quoted(run ?? "")}`,
  );
  add("log", text.trace, trace, listLink(event, quoted(trace ?? ""), week), quoted(trace ?? ""));
  for (const target of (event.targets ?? []).slice(0, 3)) {
    const id = target.id || target.name;
    if (!id) continue;
    const q = `target:${quoted(id)}`;
    add("house", text.target(targetText(target)), id, listLink(event, q, week), q);
  }
  const who = stepsName(event.actor) ?? actorName(event.actor, tenant);
  add(
    "person",
    text.actor(event.actor?.name || who),
    who,
    stepsLink({ actor: who, ...around(event.occurred_at, 5) }),
    null,
  );
  add("wait", text.around, " ", listLink(event, "", around(event.occurred_at, 5)), null);
  return relations;
}

interface RelatedProps {
  event: AuditEvent;
  zone: string;
  format: DateFormat;
  tenant: string;
  linkOf: (event: AuditEvent) => string;
}

/** Where to go on from an event: what is tied to it, what else was done to its target, what is near. */
export function RelatedLinks({ event, tenant }: Pick<RelatedProps, "event" | "tenant">) {
  const relations = relationsOf(event, tenant);
  return (
    <ul className="related">
      {relations.map((relation) => (
        <li key={relation.name}>
          <Icon name={relation.icon} />
          <Link to={relation.to}>
            <OneLine text={relation.name} />
          </Link>
          {relation.value.trim() && (
            <span className="muted mono">
              <OneLine text={relation.value} />
            </span>
          )}
          {relation.q !== null && <Count event={event} q={relation.q} />}
        </li>
      ))}
    </ul>
  );
}

function Count({ event, q }: { event: AuditEvent; q: string }) {
  const at = Date.parse(event.occurred_at);
  const query = useQuery({
    queryKey: ["stats", "related", event.id, q],
    queryFn: ({ signal }) =>
      fetchStats(
        {
          q,
          from: new Date(at - WEEK_MS).toISOString(),
          to: new Date(at + WEEK_MS).toISOString(),
          group: "none",
        },
        signal,
      ),
  });
  return <span className="related-n muted">{query.data ? text.count(query.data.total) : ""}</span>;
}

/** The Related part: the tree of why, and the links. */
export function Related({ event, zone, format, tenant, linkOf }: RelatedProps) {
  return (
    <>
      <section className="block">
        <h2>
          {trail.why.title}
          <Link to={`why?event=${event.id}`}>{trail.why.page}</Link>
        </h2>
        <WhyTree id={event.id} zone={zone} format={format} tenant={tenant} linkOf={linkOf} />
      </section>
      <section className="block">
        <h2>{text.title}</h2>
        <RelatedLinks event={event} tenant={tenant} />
      </section>
    </>
  );
}
