import { useQuery } from "@tanstack/react-query";
import { EXPIRIES, type Expiry, fetchExpiries, type Retention } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { Failure } from "../logs/Failure.tsx";
import { labelOf } from "../settings/names.ts";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";

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
    <section className="panel" aria-labelledby="governance-expiry">
      <header>
        <h2 id="governance-expiry">{text.title}</h2>
        <span className="muted">{text.lead}</span>
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
        <table className="plain" aria-labelledby="governance-expiry">
          <thead>
            <tr>
              {[text.day, text.category, text.parts, text.before, text.events, text.state].map(
                (name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
              <th scope="col" className="c-entry">
                {text.entry}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <Row key={one.index} one={one} retention={retention} format={format} />
            ))}
          </tbody>
        </table>
      )}
    </section>
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
