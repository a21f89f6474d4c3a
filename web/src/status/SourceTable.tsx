import type { Source } from "../api/status.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";

const text = messages.status;

interface SourceTableProps {
  sources: Source[] | null;
  days: number;
  when: (at: string) => string;
}

/** The programs that sent events, and what is missing of their sequences. */
export function SourceTable({ sources, days, when }: SourceTableProps) {
  if (sources === null) return <p className="in muted">{text.sourcesUnknown}</p>;
  if (sources.length === 0) return <p className="in muted">{text.sourcesNone(days)}</p>;
  return (
    <table className="plain">
      <caption className="vh">{text.sourcesOf(days)}</caption>
      <thead>
        <tr>
          <th scope="col">{text.source}</th>
          <th scope="col">{text.last}</th>
          <th scope="col">{text.eventsOf(days)}</th>
          <th scope="col">{text.instances}</th>
          <th scope="col">{text.missing}</th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <tr key={source.source}>
            <td>
              <OneLine text={source.source} />
            </td>
            <td data-label={text.last}>{when(source.last_at)}</td>
            <td data-label={text.eventsOf(days)}>{countText(source.events)}</td>
            <td data-label={text.instances}>{countText(source.instances)}</td>
            <td data-label={text.missing}>
              {source.instances === 0 ? (
                <span className="muted">{text.unnumbered}</span>
              ) : (
                <span className={source.missing ? "st denied" : "st ok"}>
                  <Icon name={source.missing ? "denied" : "ok"} />
                  {countText(source.missing)}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
