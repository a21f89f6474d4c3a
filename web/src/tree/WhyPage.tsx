import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { fetchEvent } from "../api/log.ts";
import type { AuditEvent, Session } from "../api/types.ts";
import { useAddress } from "../app/route.ts";
import { Sentence } from "../drawer/Sentence.tsx";
import type { Top } from "../shell/Shell.tsx";
import "../styles/drawer.css";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { isZone } from "../time/zones.ts";
import { WhyTree } from "./WhyTree.tsx";

/** Why an event happened, on a page of its own. */
export default function WhyPage({ session, top }: { session: Session; top: Top }) {
  const { search } = useAddress();
  const given = new URLSearchParams(search);
  const id = given.get("event") ?? "";
  const asked = given.get("tz");
  const zone = asked && isZone(asked) ? asked : session.settings.zone;
  const query = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => fetchEvent(id, signal),
    enabled: id !== "",
    retry: false,
  });
  useEffect(() => {
    document.title = `${trail.why.title} · ${messages.product}`;
  }, []);
  const linkOf = (event: AuditEvent): string =>
    `event?${new URLSearchParams({ id: event.id, tz: zone }).toString()}`;
  return (
    <>
      {top(trail.why.title)}
      <div className="page">
        <div className="column wide">
          {query.data && <Sentence event={query.data} tenant={session.tenant.name} />}
          <section className="panel why-panel">
            <header>
              <h2>{trail.why.tree}</h2>
            </header>
            <div className="in">
              {id === "" || query.isError ? (
                <p>{messages.drawer.missing}</p>
              ) : (
                <WhyTree
                  id={id}
                  zone={zone}
                  format={session.settings.date_format}
                  tenant={session.tenant.name}
                  linkOf={linkOf}
                />
              )}
            </div>
          </section>
        </div>
      </div>
    </>
  );
}
