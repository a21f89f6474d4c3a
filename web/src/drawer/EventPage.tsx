import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiProblem, address } from "../api/client.ts";
import { fetchEvent } from "../api/log.ts";
import type { AuditEvent, Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { useAddress } from "../app/route.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { isEmbedded } from "../embed/mode.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import "../styles/drawer.css";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { isZone } from "../time/zones.ts";
import { DrawerTabs, type Part } from "./DrawerTabs.tsx";
import { EventSheet, Outcome } from "./EventSheet.tsx";

/** One event on a page of its own: the parts of the drawer, with more room. */
export default function EventPage({ session, top }: { session: Session; top: Top }) {
  const { search } = useAddress();
  const given = new URLSearchParams(search);
  const id = given.get("id") ?? "";
  const asked = given.get("tz");
  const zone = asked && isZone(asked) ? asked : session.settings.zone;
  const [part, setPart] = useState<Part>("event");
  const query = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => fetchEvent(id, signal),
    enabled: id !== "",
  });
  const event = query.data;
  useEffect(() => {
    const name = event ? messages.drawer.entry(event.index) : trail.related.event;
    document.title = `${name} · ${messages.product}`;
  }, [event]);
  const linkOf = (other: AuditEvent): string =>
    `event?${new URLSearchParams({ id: other.id, tz: zone }).toString()}`;
  return (
    <>
      {top(event ? messages.drawer.entry(event.index) : trail.related.event)}
      <div className="page">
        <div className="column wide event-page">
          {event ? (
            <section className="panel">
              <header>
                <Outcome event={event} />
                <span className="grow" />
                <Link className="btn quiet" to={listLink(event)}>
                  <Icon name="log" />
                  <span className="label">{trail.related.list}</span>
                </Link>
                {!isEmbedded && (
                  <CopyButton
                    className="btn quiet"
                    label={messages.drawer.copyLink}
                    face={messages.drawer.copyLink}
                    text={() => address(linkOf(event))}
                  />
                )}
              </header>
              <DrawerTabs part={part} changes={event.changes?.length ?? 0} onChoose={setPart} />
              <div
                className="sheet"
                role="tabpanel"
                id="event-part"
                aria-labelledby={`part-${part}`}
              >
                <EventSheet
                  event={event}
                  part={part}
                  zone={zone}
                  format={session.settings.date_format}
                  tenant={session.tenant.name}
                  linkOf={linkOf}
                  onPart={setPart}
                />
              </div>
            </section>
          ) : query.error instanceof ApiProblem && query.error.status === 404 ? (
            <p className="lead">{messages.drawer.missing}</p>
          ) : query.isError ? (
            <Failure problem={query.error} retry={() => query.refetch()} />
          ) : (
            <p className="lead" aria-busy={id !== ""}>
              {id === "" ? messages.drawer.missing : messages.drawer.loading}
            </p>
          )}
        </div>
      </div>
    </>
  );
}

/** The list of the event's day with the event open. */
function listLink(event: AuditEvent): string {
  const parameters = new URLSearchParams({
    date: event.occurred_at.slice(0, 10),
    tz: "UTC",
    event: event.id,
  });
  if (event.stream !== "user") parameters.set("stream", event.stream);
  return `?${parameters.toString()}`;
}
