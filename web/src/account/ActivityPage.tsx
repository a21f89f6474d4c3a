import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "../api/client.ts";
import type { AuditEvent, Session } from "../api/types.ts";
import { StatusMark } from "../logs/cells.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";

const text = messages.account;
const REFRESH_MS = 15_000;

/** What one did oneself, this month; for everybody, whatever their role sees of the log. */
export default function ActivityPage({ session, top }: { session: Session; top: Top }) {
  useEffect(() => {
    document.title = `${text.activity} · ${messages.product}`;
  }, []);
  const query = useQuery({
    queryKey: ["own-activity"],
    queryFn: ({ signal }) =>
      call<{ events: AuditEvent[] }>("v1/session/activity", {
        parameters: { stream: "all", period: "month", limit: 200 },
        signal,
      }),
    staleTime: 0,
    refetchInterval: REFRESH_MS, // the index may be a moment behind
  });
  const when = (at: string) =>
    momentText(Date.parse(at), session.settings.zone, session.settings.date_format);
  return (
    <>
      {top(text.activity)}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: nothing in it takes the keys that scroll it */}
      <div className="page" tabIndex={0}>
        <div className="column wide">
          <p className="lead">{text.activityLead}</p>
          <section className="panel">
            {query.isError ? (
              <Failure problem={query.error} retry={() => query.refetch()} />
            ) : query.data?.events.length === 0 ? (
              <p className="in muted">{text.activityNone}</p>
            ) : (
              <table className="plain">
                <thead>
                  <tr>
                    <th scope="col">{messages.list.columns.date}</th>
                    <th scope="col">{messages.list.columns.operation}</th>
                    <th scope="col">{text.address}</th>
                    <th scope="col">{messages.list.columns.status}</th>
                  </tr>
                </thead>
                <tbody>
                  {(query.data?.events ?? []).map((event) => (
                    <tr key={event.index}>
                      <td>{when(event.occurred_at)}</td>
                      <td>
                        <OneLine text={event.operation} />
                      </td>
                      <td data-label={text.address}>
                        <OneLine text={event.origin?.ip ?? text.unknown} />
                      </td>
                      <td>
                        <StatusMark event={event} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </section>
        </div>
      </div>
    </>
  );
}
