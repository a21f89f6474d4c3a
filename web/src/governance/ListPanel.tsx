import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";

interface ListPanelProps {
  /** Names the panel; its heading has the id `governance-<name>`. */
  name: string;
  title: string;
  lead: string;
  /** What is said instead of an empty table. */
  none: string;
  query: UseQueryResult<unknown>;
  /** How many lines there are; null while they are read. */
  count: number | null;
  columns: readonly string[];
  /** A last, narrow column of entries, and its class. */
  entries?: { title: string; className: string };
  /** Where one acts on these. */
  to?: string;
  /** Long texts wrap. */
  wraps?: boolean;
  /** The rows of the table. */
  children: ReactNode;
}

/** A list of Governance: reading, failed, empty, or a table. */
export function ListPanel(props: ListPanelProps) {
  const { name, title, query, count, columns, entries, to } = props;
  const id = `governance-${name}`;
  return (
    <section className="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <span className="muted">{props.lead}</span>
        {to && (
          <Link className="btn" to={to}>
            {title}
            <Icon name="right" />
          </Link>
        )}
      </header>
      {query.isError ? (
        <Failure problem={query.error} retry={() => query.refetch()} />
      ) : count === null ? (
        <div className="in">
          <span className="bone key-bone" />
        </div>
      ) : count === 0 ? (
        <p className="in muted">{props.none}</p>
      ) : (
        <table className={props.wraps ? "plain history" : "plain"} aria-labelledby={id}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
              {entries && (
                <th scope="col" className={entries.className}>
                  {entries.title}
                </th>
              )}
            </tr>
          </thead>
          <tbody>{props.children}</tbody>
        </table>
      )}
    </section>
  );
}
