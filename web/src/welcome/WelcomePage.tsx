import { fromAbsolute, toCalendarDate } from "@internationalized/date";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { createKey } from "../api/keys.ts";
import { fetchEvents } from "../api/log.ts";
import { fetchSession, SESSION } from "../api/session.ts";
import type { AuditEvent, Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { go } from "../app/route.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { readView, STREAMS, writeView } from "../logs/view.ts";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { curlSnippet, pythonSnippet } from "./snippets.ts";

const text = messages.welcome;
const ASK_EVERY_MS = 2000;
const LONG_AGO = "1970-01-01T00:00:00Z";
const FAR_OFF = "9999-01-01T00:00:00Z";

/** Finds the newest event of a product, in whichever tab it is. */
async function findEvent(signal: AbortSignal): Promise<AuditEvent | null> {
  for (const stream of STREAMS) {
    const parameters = { stream, from: LONG_AGO, to: FAR_OFF, tz: "UTC", own: "hide", limit: 1 };
    const page = await fetchEvents(parameters, signal);
    if (page.events[0]) return page.events[0];
  }
  return null;
}

/** How to send the first event: a key, a line to copy, and a wait that ends by itself. */
export default function WelcomePage({ session, top }: { session: Session; top: Top }) {
  const client = useQueryClient();
  const [key, setKey] = useState<string | null>(null);
  const [hadEvents] = useState(session.has_events);
  const isAdmin = session.person.role === "admin";
  const make = useMutation({
    mutationFn: () =>
      createKey({ name: text.keyName, kind: "w", scope: null, expires_at: null, networks: [] }),
    onSuccess: (made) => setKey(made.key),
  });
  // The session says whether there is any event; asking for it reads no event.
  const arrival = useQuery({
    queryKey: ["first-event"],
    queryFn: async ({ signal }): Promise<AuditEvent | null> => {
      const now = await fetchSession();
      if (now === null) client.setQueryData(SESSION, null);
      return now?.has_events ? findEvent(signal) : null;
    },
    refetchInterval: (query) => (query.state.data ? false : ASK_EVERY_MS),
    enabled: !hadEvents,
    staleTime: 0,
  });
  const first = arrival.data ?? null;
  const zone = session.settings.zone;
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  useEffect(() => {
    if (!first) return;
    const day = toCalendarDate(fromAbsolute(Date.parse(first.occurred_at), zone)).toString();
    const view = readView("");
    go(writeView({ ...view, stream: first.stream, date: day, event: first.id }), { replace: true });
    client.setQueryData<Session | null>(SESSION, (known) =>
      known ? { ...known, has_events: true } : known,
    );
  }, [first, zone, client]);

  const base = new URL(".", document.baseURI).href;
  return (
    <>
      {top(messages.logs.title)}
      <div className="page">
        <div className="column">
          <p className="lead big">{text.lead}</p>
          <Step number={1} title={text.stepKey} done={key !== null}>
            {key !== null ? (
              <>
                <p className="lead">{text.keyMade}</p>
                <div className="secret">
                  <code>{key}</code>
                  <CopyButton
                    text={key}
                    label={messages.drawer.copy}
                    face={messages.drawer.copy}
                    className="btn"
                  />
                </div>
              </>
            ) : isAdmin ? (
              <div>
                <button
                  type="button"
                  className="btn main"
                  disabled={make.isPending}
                  onClick={() => make.mutate()}
                >
                  <Icon name="key" />
                  {text.makeKey}
                </button>
                {make.isError && (
                  <p className="wrong" role="alert">
                    <Icon name="fail" />
                    {make.error.message}
                  </p>
                )}
              </div>
            ) : (
              <p className="lead">{text.needAdmin}</p>
            )}
          </Step>
          {key !== null && (
            <Step number={2} title={text.stepSend} done={first !== null}>
              <Snippet name={text.withCurl} code={curlSnippet(base, key)} />
              <Snippet name={text.withPython} code={pythonSnippet(base, key)} />
            </Step>
          )}
          <Step number={key === null ? 2 : 3} title={text.stepSee} done={first !== null}>
            {hadEvents ? (
              <p className="waiting">
                {text.already} <Link to="">{text.toLog}</Link>
              </p>
            ) : (
              <p className="waiting" role="status">
                <span className="pulse" />
                {first ? text.arrived : text.waiting}
              </p>
            )}
          </Step>
        </div>
      </div>
    </>
  );
}

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  children: ReactNode;
}

function Step({ number, title, done, children }: StepProps) {
  return (
    <section className="panel">
      <header>
        <h2 className={done ? "step done" : "step"}>
          <span className="no">{done ? <Icon name="check" /> : number}</span>
          {title}
        </h2>
      </header>
      <div className="in">{children}</div>
    </section>
  );
}

function Snippet({ name, code }: { name: string; code: string }) {
  return (
    <div>
      <p className="muted">{name}</p>
      <div className="snippet">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines must scroll by keyboard */}
        <pre tabIndex={0}>{code}</pre>
        <CopyButton text={code} label={`${messages.drawer.copy}: ${name}`} />
      </div>
    </div>
  );
}
