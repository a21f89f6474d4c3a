import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ERASURES, fetchErasures, type Look, lookFor } from "../api/erasures.ts";
import { go, useAddress } from "../app/route.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { TabProps } from "../settings/tabs.ts";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";
import { FoundPanel } from "./FoundPanel.tsx";
import { LookForm } from "./LookForm.tsx";
import { emptyLook, sentLook } from "./look.ts";
import { RequestForm } from "./RequestForm.tsx";
import { RequestList } from "./RequestList.tsx";
import "./erasures.css";

const text = messages.erasures;

/** Settings → Erasures: find a person, see what would go and what stays, ask, follow. */
export default function ErasuresTab({ session, isAdmin }: TabProps) {
  const { search } = useAddress();
  const entries = entriesOf(search);
  const [draft, setDraft] = useState(() => emptyLook(entries));
  const sent = sentLook(draft);
  const look = useMutation({
    mutationFn: async (asked: Look) => ({
      key: JSON.stringify(asked),
      asked,
      found: await lookFor(asked),
    }),
  });
  const requests = useQuery({
    queryKey: ERASURES,
    queryFn: ({ signal }) => fetchErasures(signal),
    staleTime: 0,
    refetchInterval: (query) =>
      query.state.data?.some((one) => one.state === "approved" || one.state === "removing")
        ? 1_000
        : 30_000,
  });
  const { zone, date_format } = session.settings;
  const when = (at: string) => momentText(Date.parse(at), zone, date_format);
  const list = (
    <>
      {requests.isError && <Failure problem={requests.error} retry={() => requests.refetch()} />}
      {requests.data && <RequestList requests={requests.data} when={when} isAdmin={isAdmin} />}
      {!requests.data && !requests.isError && (
        <output className="vh">{messages.logs.reading}</output>
      )}
    </>
  );
  if (!isAdmin) return list;
  // What was found speaks only of what was asked for then.
  const result = look.data?.key === JSON.stringify(sent) ? look.data : null;
  return (
    <div className="erasures">
      <div className="erasures-main">
        <LookForm
          draft={draft}
          isPending={look.isPending}
          onChange={setDraft}
          onLook={() => sent && look.mutate(sent)}
          onPerson={() => {
            setDraft(emptyLook([]));
            go("settings?tab=erasures", { replace: true });
          }}
        />
        {look.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {look.error.message}
          </p>
        )}
        {result && (
          <FoundPanel
            found={result.found}
            identifiers={result.asked.identifiers ?? []}
            when={when}
            onKnown={(one) => setDraft({ ...draft, rows: [...draft.rows, one] })}
          />
        )}
      </div>
      <div className="erasures-side">
        {result && result.found.events > 0 && (
          <RequestForm
            key={result.key}
            look={result.asked}
            found={result.found}
            onAsked={() => {
              look.reset();
              setDraft(emptyLook([]));
            }}
          />
        )}
        {list}
      </div>
      <p className="erasures-honest muted">{text.honest}</p>
    </div>
  );
}

function entriesOf(search: string): number[] {
  const asked = new URLSearchParams(search).get("entries") ?? "";
  return asked
    .split(",")
    .filter((one) => /^\d{1,15}$/.test(one))
    .map(Number)
    .slice(0, 1000);
}
