import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Parameters } from "../api/client.ts";
import { type ChangedLine, type ChangeKind, fetchChanges, type Periods } from "../api/summary.ts";
import { Link } from "../app/Link.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Scope } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { listAddress } from "./address.ts";
import { Delta, shareText } from "./amounts.tsx";

const text = messages.summary;

/** What changed between the two periods: each line opens its events. */
export function ChangesPanel({ scope, filters }: { scope: Scope; filters: Parameters }) {
  const query = useQuery({
    queryKey: ["changes", filters],
    queryFn: ({ signal }) => fetchChanges(filters, signal),
    placeholderData: keepPreviousData,
  });
  if (query.isError) return <Failure problem={query.error} retry={() => query.refetch()} />;
  if (!query.data) return <p className="muted">{messages.logs.reading}</p>;
  const { dimensions, periods } = query.data;
  return (
    <div className="changes-grid">
      {dimensions.map((dimension) => (
        <section key={dimension.by} className="panel" aria-label={text.dimensions[dimension.by]}>
          <header>
            <h2>{text.dimensions[dimension.by]}</h2>
          </header>
          <div className="in">
            {dimension.changes.map((change) => (
              <div key={change.kind}>
                <h3>
                  {text.kinds[change.kind]} <small>{countText(change.total)}</small>
                </h3>
                {change.lines.length === 0 ? (
                  <p className="muted">{text.noChange}</p>
                ) : (
                  <ul>
                    {change.lines.map((line) => (
                      <li key={line.key ?? "\0"}>
                        <Line scope={scope} kind={change.kind} line={line} periods={periods} />
                      </li>
                    ))}
                  </ul>
                )}
                {change.total > change.lines.length && (
                  <p className="muted">{text.more(change.total - change.lines.length)}</p>
                )}
              </div>
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

interface LineProps {
  scope: Scope;
  kind: ChangeKind;
  line: ChangedLine;
  periods: Periods;
}

function Line({ scope, kind, line, periods }: LineProps) {
  const name =
    line.key === null ? <span className="muted">{text.none}</span> : <OneLine text={line.key} />;
  return (
    <>
      {line.include === null ? (
        name
      ) : (
        <Link to={listAddress(scope.view, line.include, kind === "gone" ? periods.other : null)}>
          {name}
        </Link>
      )}
      <span className="num muted">
        {kind === "failing"
          ? text.failShare(
              shareText(line.previous_failed, line.previous),
              shareText(line.failed, line.count),
            )
          : text.wasNow(countText(line.previous), countText(line.count))}
      </span>
      {kind !== "failing" && <Delta now={line.count} before={line.previous} />}
    </>
  );
}
