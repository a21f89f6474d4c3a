import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { ApiProblem, address } from "../api/client.ts";
import { fetchEvent } from "../api/log.ts";
import { Link } from "../app/Link.tsx";
import { CopyButton } from "../controls/CopyButton.tsx";
import { isEmbedded } from "../embed/mode.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Rows } from "../logs/rows.ts";
import type { Scope } from "../logs/scope.ts";
import { writeView } from "../logs/view.ts";
import "../styles/drawer.css";
import { messages } from "../text/messages.ts";
import { trail } from "../text/trail.ts";
import { DrawerTabs, type Part } from "./DrawerTabs.tsx";
import { EventSheet, Outcome } from "./EventSheet.tsx";

const text = messages.drawer;

interface EventDrawerProps {
  id: string;
  scope: Scope;
  rows: Rows;
  tenant: string;
  onShow: (id: string) => void;
  onClose: () => void;
}

/** One event beside the list. It has an address of its own; ↑ and ↓ go on in the list. */
export default function EventDrawer({
  id,
  scope,
  rows,
  tenant,
  onShow,
  onClose,
}: EventDrawerProps) {
  const [part, setPart] = useState<Part>("event");
  const panel = useRef<HTMLElement>(null);
  const place = rows.placeOf(id);
  const inList = place === null ? undefined : rows.at(place);
  const query = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => fetchEvent(id, signal),
    ...(inList ? { placeholderData: inList } : {}),
  });
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, []);

  const newer = place === null ? undefined : rows.at(place - 1);
  const older = place === null ? undefined : rows.at(place + 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    else if ((event.key === "ArrowUp" || event.key === "k") && newer) onShow(newer.id);
    else if ((event.key === "ArrowDown" || event.key === "j") && older) onShow(older.id);
    else if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    event.stopPropagation();
  };

  const event = query.data;
  return (
    <section
      ref={panel}
      className="drawer"
      role="dialog"
      aria-label={event ? text.label(event.index) : text.loading}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <header>
        {event && <Outcome event={event} />}
        <span className="grow" />
        <button
          type="button"
          className="btn icon quiet"
          aria-label={text.newer}
          title={text.newer}
          disabled={!newer}
          onClick={() => newer && onShow(newer.id)}
        >
          <Icon name="up" />
        </button>
        <button
          type="button"
          className="btn icon quiet"
          aria-label={text.older}
          title={text.older}
          disabled={!older}
          onClick={() => older && onShow(older.id)}
        >
          <Icon name="dn" />
        </button>
        {!isEmbedded && (
          <CopyButton
            className="btn quiet"
            label={text.copyLink}
            face={text.copyLink}
            text={() => linkTo(scope, id)}
          />
        )}
        <Link
          className="btn icon quiet"
          to={`event?${new URLSearchParams({ id, tz: scope.zone }).toString()}`}
          aria-label={trail.details.expand}
          title={trail.details.expand}
        >
          <Icon name="expand" />
        </Link>
        <button
          type="button"
          className="btn icon quiet"
          aria-label={text.close}
          title={text.close}
          onClick={onClose}
        >
          <Icon name="x" />
        </button>
      </header>
      {query.isError && !event ? (
        <div className="sheet">
          {query.error instanceof ApiProblem && query.error.status === 404 ? (
            <p className="say">{text.missing}</p>
          ) : (
            <Failure problem={query.error} retry={() => query.refetch()} />
          )}
        </div>
      ) : event ? (
        <>
          <DrawerTabs part={part} changes={event.changes?.length ?? 0} onChoose={setPart} />
          <div className="sheet" role="tabpanel" id="event-part" aria-labelledby={`part-${part}`}>
            <EventSheet
              event={event}
              part={part}
              zone={scope.zone}
              format={scope.settings.date_format}
              tenant={tenant}
              linkOf={(other) => writeView({ ...scope.view, event: other.id })}
              onPart={setPart}
            />
          </div>
        </>
      ) : (
        <div className="sheet" aria-busy="true">
          <p className="say">
            <span className="bone say-bone" />
          </p>
          <p className="sub">{text.loading}</p>
        </div>
      )}
    </section>
  );
}

/** A link that shows the same tomorrow: the day and the zone are written out. */
function linkTo(scope: Scope, id: string): string {
  const date = scope.view.period === null ? null : scope.date.toString();
  return address(writeView({ ...scope.view, date, tz: scope.zone, event: id }));
}
