import { useQuery } from "@tanstack/react-query";
import { fetchHolds, HOLDS, type Hold } from "../api/holds.ts";
import { Link } from "../app/Link.tsx";
import { wishText } from "../holds/wish.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";

const text = messages.governance.holds;

/** The holds that are open, and those that were: who, when, why, and their entries. */
export function HoldsSection({ when }: { when: When }) {
  const query = useQuery({
    queryKey: HOLDS,
    queryFn: ({ signal }) => fetchHolds(signal),
    staleTime: 0,
  });
  const found = query.data ?? null;
  return (
    <section className="panel" aria-labelledby="governance-holds">
      <header>
        <h2 id="governance-holds">{messages.holds.title}</h2>
        <span className="muted">{messages.holds.lead}</span>
        <Link className="btn" to="settings?tab=holds">
          {messages.holds.title}
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
        <table className="plain history" aria-labelledby="governance-holds">
          <thead>
            <tr>
              {[text.hold, text.covers, text.events, text.placed, text.released].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.map((hold) => (
              <Row key={hold.id} hold={hold} when={when} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ hold, when }: { hold: Hold; when: When }) {
  return (
    <tr className={hold.state === "released" ? "off" : undefined}>
      <td className="two-lines">
        <b>
          <OneLine text={hold.name} />
        </b>
        <OneLine text={hold.reason} />
      </td>
      <td data-label={text.covers} className="wraps">
        <Shown text={wishText(hold.wish)} />
      </td>
      <td data-label={text.events}>{messages.amounts.events(hold.events)}</td>
      <td data-label={text.placed} className="wraps">
        {when(hold.placed_at)}, <OneLine text={hold.owner.name} />
        {hold.entry !== null && (
          <>
            , {messages.governance.now.entry} <EntryLink index={hold.entry} />
          </>
        )}
      </td>
      <td data-label={text.released} className="wraps">
        {hold.released_at ? (
          <>
            {when(hold.released_at)}, <OneLine text={hold.released_by?.name ?? ""} />
            {hold.release_reason && (
              <>
                , <Shown text={hold.release_reason} />
              </>
            )}
            {hold.release_entry !== null && (
              <>
                , {messages.governance.now.entry} <EntryLink index={hold.release_entry} />
              </>
            )}
          </>
        ) : (
          messages.holds.open
        )}
      </td>
    </tr>
  );
}
