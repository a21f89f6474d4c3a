import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useRef, useState } from "react";
import type { Session } from "../api/types.ts";
import { Page, pageTitle } from "../app/App.tsx";
import { go, useAddress } from "../app/route.ts";
import { Icon } from "../icons/Icon.tsx";
import { readView, writeView } from "../logs/view.ts";
import { isProfile } from "../profile/address.ts";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import "./embed.css";
import type { Reason } from "./host.ts";
import { whenEnded } from "./visit.ts";

const text = messages.embed;
const PAGES = new Set(["", "event", "steps", "why"]);

/** The screen inside a host product: the same pages without the menu, for one viewer token. */
export function EmbedApp({ found }: { found: Session | Reason }) {
  const [reason, setReason] = useState<Reason | null>(typeof found === "string" ? found : null);
  const client = useQueryClient();
  useEffect(() => {
    whenEnded((why) => {
      client.clear();
      setReason(why);
    });
  }, [client]);
  if (reason !== null || typeof found === "string") return <Ended reason={reason ?? "no-token"} />;
  return <Inside session={found} />;
}

function Inside({ session }: { session: Session }) {
  const { page, search } = useAddress();
  const list = useRef("");
  if (page === "") list.current = writeView(readView(search));
  const only = session.embed?.streams;
  const { stream } = readView(search);
  useEffect(() => {
    const [first] = only ?? [];
    if (page === "" && first && !only?.includes(stream))
      go(writeView({ ...readView(location.search), stream: first }));
  }, [page, only, stream]);
  const shown = PAGES.has(page) || isProfile(page) ? page : "";

  const top: Top = (title, extra, onHelp) => (
    <header className="top">
      {page !== "" && (
        <button
          type="button"
          className="btn icon quiet"
          aria-label={text.back}
          title={text.back}
          onClick={() => go(list.current)}
        >
          <Icon name="left" />
        </button>
      )}
      <h1 className="cut">
        <OneLine text={(page === "" && session.embed?.title) || title} />
      </h1>
      <span className="grow" />
      {extra}
      {onHelp && (
        <button
          type="button"
          className="btn icon quiet"
          aria-label={messages.top.help}
          title={messages.top.help}
          onClick={onHelp}
        >
          <Icon name="help" />
        </button>
      )}
    </header>
  );
  return (
    <main className="app embedded">
      <Suspense fallback={top(pageTitle(shown))}>
        <Page session={session} top={top} page={shown} />
      </Suspense>
    </main>
  );
}

/** Stands where the log was when it may not be shown any more, or not here. */
function Ended({ reason }: { reason: Reason }) {
  return (
    <main className="app embedded">
      <div className="state" role="alert">
        <Icon name="seal" className="big" />
        <h1>{text.ended[reason]}</h1>
        <p>{text.endedHint[reason]}</p>
        {reason !== "refused" && (
          <div className="acts">
            <button type="button" className="btn" onClick={() => location.reload()}>
              <Icon name="task" />
              {text.again}
            </button>
          </div>
        )}
      </div>
    </main>
  );
}
