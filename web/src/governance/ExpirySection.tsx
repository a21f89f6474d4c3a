import { useQuery } from "@tanstack/react-query";
import { EXPIRIES, type Expiry, fetchExpiries, type Retention } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { labelOf } from "../settings/names.ts";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import { ListPanel } from "./ListPanel.tsx";

const text = messages.governance.expiry;

interface ExpirySectionProps {
  retention: Retention;
  format: DateFormat;
}

/** What has expired: each declaration in the ledger, and how far its removal has come. */
export function ExpirySection({ retention, format }: ExpirySectionProps) {
  const query = useQuery({
    queryKey: EXPIRIES,
    queryFn: ({ signal }) => fetchExpiries(signal),
    staleTime: 0,
  });
  const found = query.data?.expiries ?? null;
  return (
    <ListPanel
      name="expiry"
      title={text.title}
      lead={text.lead}
      none={text.none}
      query={query}
      count={found?.length ?? null}
      columns={[text.day, text.category, text.parts, text.before, text.events, text.state]}
      entries={{ title: text.entry, className: "c-entry" }}
    >
      {found?.map((one) => (
        <Row key={one.index} one={one} retention={retention} format={format} />
      ))}
    </ListPanel>
  );
}

function Row({ one, retention, format }: ExpirySectionProps & { one: Expiry }) {
  const category = retention.categories.find((item) => item.name === one.category);
  return (
    <tr>
      <td>{dayText(one.day, format)}</td>
      <td data-label={text.category}>
        <OneLine text={category ? labelOf(category) : one.category} />
      </td>
      <td data-label={text.parts}>
        {one.parts.map((part) => messages.retention.parts[part]).join(", ")}
      </td>
      <td data-label={text.before}>{dayText(one.cutoff_day, format)}</td>
      <td data-label={text.events}>
        {one.events === null ? messages.logs.nothing : messages.amounts.events(one.events)}
      </td>
      <td data-label={text.state}>{text.states[one.state]}</td>
      <td data-label={text.entry}>
        <EntryLink index={one.index} />
      </td>
    </tr>
  );
}
