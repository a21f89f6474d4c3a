import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiProblem } from "../api/client.ts";
import { fetchRetention, RETENTION } from "../api/retention.ts";
import type { Session } from "../api/types.ts";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";
import { AccessSection } from "./AccessSection.tsx";
import { ErasuresSection } from "./ErasuresSection.tsx";
import { ExpirySection } from "./ExpirySection.tsx";
import { HistorySection } from "./HistorySection.tsx";
import { HoldsSection } from "./HoldsSection.tsx";
import { NowSection } from "./NowSection.tsx";
import { OffSection } from "./OffSection.tsx";
import "./governance.css";

const text = messages.governance;

/** Writes a moment in the tenant's zone and format. */
export type When = (at: string) => string;

/** Main menu → Administration → Governance: what was decided about this log, and who can see it. */
export default function GovernancePage({ session, top }: { session: Session; top: Top }) {
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  const { zone, date_format } = session.settings;
  const when: When = (at) => momentText(Date.parse(at), zone, date_format);
  const isViewer = session.person.role === "viewer";
  const {
    data: retention,
    error,
    refetch,
  } = useQuery({
    queryKey: RETENTION,
    queryFn: ({ signal }) => fetchRetention(signal),
    staleTime: 0,
    enabled: !isViewer,
  });
  if (isViewer) {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", text.notForViewers, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  return (
    <>
      {top(text.title)}
      <div className="page governance-page">
        <p className="lead">{text.lead}</p>
        {error && !retention && <Failure problem={error} retry={() => refetch()} />}
        {retention && (
          <>
            <NowSection retention={retention} format={date_format} when={when} />
            <HistorySection format={date_format} when={when} />
            <OffSection retention={retention} when={when} />
            <ExpirySection retention={retention} format={date_format} />
          </>
        )}
        <HoldsSection when={when} />
        <ErasuresSection when={when} />
        <AccessSection when={when} />
      </div>
    </>
  );
}
