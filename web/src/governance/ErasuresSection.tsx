import { useQuery } from "@tanstack/react-query";
import { ERASURES, type Erasure, fetchErasures } from "../api/erasures.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";
import { ListPanel } from "./ListPanel.tsx";

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
    <ListPanel
      name="erasures"
      title={messages.erasures.title}
      lead={text.lead}
      none={text.none}
      query={query}
      count={found?.length ?? null}
      columns={[text.case, text.ground, text.asked, text.approved, text.events, text.state]}
      entries={{ title: text.entries, className: "c-entries" }}
      to="settings?tab=erasures"
      wraps
    >
      {found?.map((one) => (
        <Row key={one.id} one={one} when={when} />
      ))}
    </ListPanel>
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
