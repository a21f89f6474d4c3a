import { fromAbsolute, toCalendarDate } from "@internationalized/date";
import type { EventPage } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { dateText } from "../time/format.ts";
import { DropTerms } from "./DropTerms.tsx";
import { periodName, type Scope } from "./scope.ts";
import { writeView } from "./view.ts";

interface EmptyProps {
  scope: Scope;
  page: EventPage | null;
}

/** No events here: says why, and leads to where there are some. */
export function Empty({ scope, page }: EmptyProps) {
  const { view, zone, settings } = scope;
  const stream = messages.logs.streams[view.stream];
  const nearest = page?.nearest;
  const dayOf = (at: string) => toCalendarDate(fromAbsolute(Date.parse(at), zone));
  const dayLink = (at: string) =>
    writeView({
      ...view,
      period: view.period ?? "day",
      date: dayOf(at).toString(),
      from: null,
      to: null,
      event: null,
    });
  const isNowhere = nearest && !nearest.before && !nearest.after;
  return (
    <div className="state" role="status">
      <Icon name="empty" className="big" />
      <h2>{messages.states.emptyTitle}</h2>
      <p>
        {view.q
          ? messages.states.emptySearch(`“${visible(view.q)}”`)
          : messages.states.emptyPlain(stream, periodName(scope))}
      </p>
      {view.q && <DropTerms scope={scope} />}
      {nearest && !isNowhere && (
        <p>
          {messages.states.nearest}{" "}
          {nearest.before && (
            <Link to={dayLink(nearest.before)}>
              {dateText(dayOf(nearest.before), settings.date_format)} →
            </Link>
          )}
          {nearest.before && nearest.after && " · "}
          {nearest.after && (
            <Link to={dayLink(nearest.after)}>
              {dateText(dayOf(nearest.after), settings.date_format)} →
            </Link>
          )}
        </p>
      )}
      {isNowhere && <p>{messages.states.nowhere}</p>}
      {(view.q || scope.narrowed) && (
        <div className="acts">
          {view.q && (
            <Link className="btn" to={writeView({ ...view, q: "", event: null })}>
              {messages.states.dropSearch}
            </Link>
          )}
          {scope.narrowed && (
            <Link className="btn" to={writeView({ ...view, from: null, to: null, event: null })}>
              {messages.states.zoomOut}
            </Link>
          )}
        </div>
      )}
    </div>
  );
}
