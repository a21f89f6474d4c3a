import type { Summary } from "../api/summary.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Scope } from "../logs/scope.ts";
import type { Change } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { listAddress } from "./address.ts";
import { Delta, shareText } from "./amounts.tsx";
import { otherName } from "./names.ts";

const text = messages.summary;

interface SummaryTableProps {
  summary: Summary;
  scope: Scope;
  change: Change;
}

/** One line per value; a row opens the list filtered to it, a gone one in the other period. */
export function SummaryTable({ summary, scope, change }: SummaryTableProps) {
  const { view, zone, settings } = scope;
  const most = Math.max(1, ...summary.lines.map((line) => line.count));
  const sort = view.sort ?? "count";
  const head = (name: string, label: string, numeric: boolean) => {
    const isUp = sort === `-${name}`;
    const isOn = isUp || sort === name;
    return (
      <th
        className={numeric ? "num" : undefined}
        aria-sort={isOn ? (isUp ? "ascending" : "descending") : undefined}
      >
        <button
          type="button"
          className="sort"
          title={text.sortBy(label)}
          onClick={() => {
            const next = isOn && !isUp ? `-${name}` : name;
            change({ sort: next === "count" ? null : next }, { replace: true });
          }}
        >
          {label}
          {isOn && <Icon name={isUp ? "up" : "dn"} />}
        </button>
      </th>
    );
  };
  const moment = (iso: string) => (
    <time dateTime={iso}>{momentText(Date.parse(iso), zone, settings.date_format)}</time>
  );
  const other = otherName(scope, view.compare, summary.periods.whole_other);
  return (
    <section className="panel">
      <table className="sum">
        <thead>
          <tr>
            {head("key", text.by[summary.by] ?? summary.by, false)}
            {head("count", text.count, true)}
            <td className="meter-cell" />
            {head("failures", text.failures, true)}
            {head("share", text.share, true)}
            {head("previous", other, true)}
            {head("change", text.change, false)}
            {head("first", text.firstSeen, false)}
            {head("last", text.lastSeen, false)}
          </tr>
        </thead>
        <tbody>
          {summary.lines.map((line) => {
            const gone = line.count === 0 ? summary.periods.other : null;
            const name =
              line.key === null ? (
                <span className="muted">
                  {summary.by === "status" ? messages.logs.notAvailable : text.none}
                </span>
              ) : (
                <OneLine text={line.key} />
              );
            return (
              <tr key={line.key ?? "\0"}>
                <th scope="row">
                  {line.include === null ? (
                    name
                  ) : (
                    <Link to={listAddress(view, line.include, gone)}>{name}</Link>
                  )}
                </th>
                <td className="num" data-label={text.count}>
                  {countText(line.count)}
                </td>
                <td className="meter-cell" aria-hidden="true">
                  <span className="meter">
                    <i style={{ width: `${(100 * line.count) / most}%` }} />
                  </span>
                </td>
                <td className="num" data-label={text.failures}>
                  {countText(line.failed)}
                </td>
                <td className="num muted" data-label={text.share}>
                  {shareText(line.failed, line.count)}
                </td>
                <td className="num muted" data-label={other}>
                  {countText(line.previous)}
                </td>
                <td data-label={text.change}>
                  <Delta now={line.count} before={line.previous} />
                </td>
                <td data-label={text.firstSeen}>{moment(line.first)}</td>
                <td data-label={text.lastSeen}>{moment(line.last)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
