import type { ReactNode } from "react";
import { isEmbedded } from "../embed/mode.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { spanText } from "../time/format.ts";
import { IndexNotice } from "./IndexNotice.tsx";
import type { Rows } from "./rows.ts";
import type { Scope } from "./scope.ts";

interface EndBarProps {
  scope: Scope;
  count: number | null;
  total: number | null;
  rows: Rows;
  /** Controls at the end: times and zone, columns, density. */
  children?: ReactNode;
}

/** The footer repeats what is shown: counts, how far the index has come. */
export function EndBar({ scope, count, total, rows, children }: EndBarProps) {
  const { view, narrowed, zone, settings } = scope;
  const text = messages.logs;
  return (
    <div className="endbar">
      <span>
        {count !== null && <b>{messages.amounts.events(count)}</b>}
        {count !== null &&
          narrowed &&
          text.footIn(spanText(narrowed.from, narrowed.to, zone, settings.date_format))}
        {count !== null && !narrowed && view.period && ` ${text.footOf[view.period]}`}
      </span>
      {narrowed && total !== null && view.period && (
        <span className="mid-info">{text.footOfCount(total, text.footOf[view.period])}</span>
      )}
      {rows.isCut && <span>{text.narrowTime}</span>}
      <span className="grow" />
      <IndexNotice />
      {rows.page && !isEmbedded && (
        <span className="wide" title={countText(rows.page.indexed_through)}>
          {text.indexed(rows.page.indexed_through)}
        </span>
      )}
      {children}
    </div>
  );
}
