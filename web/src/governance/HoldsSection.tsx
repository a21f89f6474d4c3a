import { useQuery } from "@tanstack/react-query";
import { fetchHolds, HOLDS, type Hold } from "../api/holds.ts";
import { wishText } from "../holds/wish.ts";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";
import { ListPanel } from "./ListPanel.tsx";

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
    <ListPanel
      name="holds"
      title={messages.holds.title}
      lead={messages.holds.lead}
      none={text.none}
      query={query}
      count={found?.length ?? null}
      columns={[text.hold, text.covers, text.events, text.placed, text.released]}
      to="settings?tab=holds"
      wraps
    >
      {found?.map((hold) => (
        <Row key={hold.id} hold={hold} when={when} />
      ))}
    </ListPanel>
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
