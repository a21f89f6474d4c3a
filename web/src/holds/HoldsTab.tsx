import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchHolds, HOLDS, type Hold } from "../api/holds.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { TabProps } from "../settings/tabs.ts";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { PlaceDialog } from "./PlaceDialog.tsx";
import { ReleaseDialog } from "./ReleaseDialog.tsx";
import { queryOf, wishText } from "./wish.ts";
import "./holds.css";

const text = messages.holds;

/** Settings → Holds: what stops expiry and erasure, and until when. */
export default function HoldsTab({ session, isAdmin }: TabProps) {
  const [placing, setPlacing] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const query = useQuery({
    queryKey: HOLDS,
    queryFn: ({ signal }) => fetchHolds(signal),
    staleTime: 0,
  });
  const { zone, date_format } = session.settings;
  const when = (at: string) => momentText(Date.parse(at), zone, date_format);
  const holds = query.data ?? [];
  return (
    <section className="panel holds" aria-labelledby="holds-title">
      <header>
        <h2 id="holds-title">{text.title}</h2>
        <span className="muted">{text.lead}</span>
        {isAdmin && (
          <button type="button" className="btn main" onClick={() => setPlacing(true)}>
            <Icon name="pin" />
            {text.place}
          </button>
        )}
      </header>
      {query.isError && <Failure problem={query.error} retry={() => query.refetch()} />}
      {query.data && holds.length === 0 && <p className="in muted">{text.none}</p>}
      {holds.length > 0 && (
        <ul className="hold-list">
          {holds.map((hold) => (
            <HoldRow
              key={hold.id}
              hold={hold}
              when={when}
              onRelease={isAdmin ? () => setReleasing(hold) : null}
            />
          ))}
        </ul>
      )}
      {placing && <PlaceDialog zone={zone} onClose={() => setPlacing(false)} />}
      {releasing && <ReleaseDialog hold={releasing} onClose={() => setReleasing(null)} />}
    </section>
  );
}

interface HoldRowProps {
  hold: Hold;
  when: (at: string) => string;
  onRelease: (() => void) | null;
}

function HoldRow({ hold, when, onRelease }: HoldRowProps) {
  const isOpen = hold.state !== "released";
  return (
    <li className={isOpen ? undefined : "is-over"}>
      <div className="what">
        <b>
          <OneLine text={hold.name} />
        </b>
        <span className={`st ${isOpen ? "denied" : "none"}`}>
          <Icon name={isOpen ? "pin" : "none"} />
          {isOpen ? text.open : text.released}
        </span>
      </div>
      <div className="says">
        <Shown text={hold.reason} />
        <span className="muted">
          <Shown text={wishText(hold.wish)} />
        </span>
        <span className="muted">
          <Shown text={`${hold.owner.name}, ${when(hold.placed_at)}`} />
          {hold.entry !== null && `, ${text.entry(hold.entry)}`}
        </span>
        {hold.released_at && hold.released_by && (
          <span className="muted">
            <Shown
              text={`${text.released}: ${hold.released_by.name}, ${when(hold.released_at)}: ${hold.release_reason ?? ""}`}
            />
            {hold.release_entry !== null && `, ${text.entry(hold.release_entry)}`}
          </span>
        )}
      </div>
      <div className="acts">
        <span className="count">{text.events(hold.events)}</span>
        <Link className="btn quiet" to={queryOf(hold.wish)}>
          {text.show}
        </Link>
        {isOpen && hold.approval && (
          <Link className="btn" to="approvals">
            <Icon name="wait" />
            {text.waits}
          </Link>
        )}
        {isOpen && !hold.approval && onRelease && (
          <button
            type="button"
            className="btn"
            aria-label={`${text.release} ${hold.name}`}
            onClick={onRelease}
          >
            {text.release}
          </button>
        )}
      </div>
    </li>
  );
}
