import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { APPROVALS, fetchApprovals } from "../api/approvals.ts";
import { ApiProblem } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";
import { ApprovalCard } from "./ApprovalCard.tsx";
import { FourEyes } from "./FourEyes.tsx";
import "./approvals.css";

const text = messages.approvals;

/** Main menu → Administration → Approvals: what waits for a second person. */
export default function ApprovalsPage({ session, top }: { session: Session; top: Top }) {
  const isAdmin = session.person.role === "admin";
  const query = useQuery({
    queryKey: APPROVALS,
    queryFn: ({ signal }) => fetchApprovals(signal),
    staleTime: 0,
    refetchInterval: 30_000,
    enabled: isAdmin,
  });
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  const { zone, date_format } = session.settings;
  const when = (at: string) => momentText(Date.parse(at), zone, date_format);
  if (!isAdmin) {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", text.notAllowed, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  const all = query.data?.approvals ?? [];
  const waiting = all.filter((one) => one.state === "waiting");
  const decided = all.filter((one) => one.state !== "waiting");
  return (
    <>
      {top(text.title)}
      <div className="page approvals-page">
        <p className="lead">{text.lead}</p>
        {query.isError && <Failure problem={query.error} retry={() => query.refetch()} />}
        {query.data && (
          <>
            <section className="approvals-list" aria-labelledby="approvals-waiting">
              <h2 id="approvals-waiting">{text.waiting}</h2>
              {waiting.length === 0 && <p className="muted">{text.none}</p>}
              {waiting.map((one) => (
                <ApprovalCard key={one.id} approval={one} when={when} />
              ))}
            </section>
            <FourEyes fourEyes={query.data.four_eyes} />
            <section className="approvals-list" aria-labelledby="approvals-decided">
              <h2 id="approvals-decided">{text.decided}</h2>
              {decided.length === 0 && <p className="muted">{text.noneDecided}</p>}
              {decided.map((one) => (
                <ApprovalCard key={one.id} approval={one} when={when} />
              ))}
            </section>
          </>
        )}
      </div>
    </>
  );
}
