import { useQuery } from "@tanstack/react-query";
import { ERASURES, type Erasure, fetchErasures } from "../api/erasures.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";

const text = messages.governance.erasures;
const MOST_ENTRIES = 5;

/** What was asked to be erased, who asked and who approved, and the entries that declare it. */
export function ErasuresSection({ when }: { when: When }) {
  const query = useQuery({
    queryKey: ERASURES,
    queryFn: ({ signal }) => fetchErasures(signal),
    staleTime: 0,
  });
  const found = query.data ?? null;
  return (
    <section className="panel" aria-labelledby="governance-erasures">
      <header>
        <h2 id="governance-erasures">{messages.erasures.title}</h2>
        <span className="muted">{text.lead}</span>
        <Link className="btn" to="settings?tab=erasures">
          {messages.erasures.title}
          <Icon name="right" />
        </Link>
      </header>
      {query.isError ? (
        <Failure problem={query.error} retry={() => query.refetch()} />
      ) : found === null ? (
        <div className="in">
          <span className="bone key-bone" />
        </div>
      ) : found.length === 0 ? (
        <p className="in muted">{text.none}</p>
      ) : (
        <table className="plain history" aria-labelledby="governance-erasures">
          <thead>
            <tr>
              {[text.case, text.ground, text.asked, text.approved, text.events, text.state].map(
                (name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
              <th scope="col" className="c-entries">
                {text.entries}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <Row key={one.id} one={one} when={when} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ one, when }: { one: Erasure; when: When }) {
  const more = one.entries.length - MOST_ENTRIES;
  return (
    <tr>
      <td>
        <OneLine text={one.case} />
      </td>
      <td data-label={text.ground}>{messages.erasures.reasons[one.reason] ?? one.reason}</td>
      <td data-label={text.asked} className="wraps">
        {when(one.asked_at)}, <OneLine text={one.asked_by.name} />
      </td>
      <td data-label={text.approved}>
        {one.approved_by ? <OneLine text={one.approved_by.name} /> : messages.logs.nothing}
      </td>
      <td data-label={text.events}>{messages.amounts.events(one.events)}</td>
      <td data-label={text.state}>{messages.erasures.states[one.state] ?? one.state}</td>
      <td data-label={text.entries} className="wraps">
        {one.entries.length === 0 && messages.logs.nothing}
        {one.entries.slice(0, MOST_ENTRIES).map((index, at) => (
          <span key={index}>
            {at > 0 && ", "}
            <EntryLink index={index} />
          </span>
        ))}
        {more > 0 && ` ${text.more(more)}`}
      </td>
    </tr>
  );
}
