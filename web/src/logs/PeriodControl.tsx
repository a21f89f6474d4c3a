import { lazy, Suspense } from "react";
import type { Period } from "../api/types.ts";
import { useOpening } from "../controls/MenuButton.tsx";
import { useNarrow } from "../controls/narrow.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { stepped } from "../time/periods.ts";
import { periodName, type Scope } from "./scope.ts";
import { type Change, PERIODS } from "./view.ts";

const CalendarPanel = lazy(() => import("./CalendarPanel.tsx"));
const text = messages.logs;

export interface PeriodMoves {
  setPeriod: (period: Period) => void;
  previous: () => void;
  next: () => void;
  toToday: () => void;
}

/** The ways to move in time; shared by the buttons and the keyboard. Never into the future. */
export function periodMoves(scope: Scope, change: Change): PeriodMoves {
  const { view, date, today, isLastPeriod } = scope;
  const period = view.period ?? "day";
  const stay = { from: null, to: null, event: null, last: null };
  const goTo = (day: string | null) => change({ ...stay, period, date: day });
  return {
    setPeriod: (chosen) => {
      if (chosen === view.period && !scope.narrowed) return;
      const day = view.period === null ? date.toString() : view.date;
      change({ ...stay, period: chosen, date: day });
    },
    previous: () => goTo(stepped(period, date, -1).toString()),
    next: () => {
      if (isLastPeriod) return;
      const next = stepped(period, date, 1);
      goTo(next.compare(today) >= 0 ? null : next.toString());
    },
    toToday: () => goTo(null),
  };
}

export function PeriodControl({ scope, change }: { scope: Scope; change: Change }) {
  const { view, isLastPeriod } = scope;
  const { open, setOpen, close, anchor, button } = useOpening();
  const moves = periodMoves(scope, change);
  const period = view.period ?? "day";
  const name = periodName(scope, useNarrow());
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a bar */}
      <div className="seg" role="group" aria-label={text.period}>
        {PERIODS.map((item) => (
          <button
            key={item}
            type="button"
            aria-pressed={view.period === item}
            aria-label={text.periods[item]}
            title={text.periods[item]}
            onClick={() => moves.setPeriod(item)}
          >
            {text.letters[item]}
          </button>
        ))}
      </div>
      <div className="joined">
        <button
          type="button"
          className="btn icon"
          aria-label={text.previous[period]}
          title={text.previous[period]}
          onClick={moves.previous}
        >
          <Icon name="left" />
        </button>
        <button type="button" className="btn today" onClick={moves.toToday}>
          {text.today}
        </button>
        <button
          type="button"
          className="btn icon next"
          aria-label={isLastPeriod ? text.nextIsFuture : text.next[period]}
          title={isLastPeriod ? text.nextIsFuture : text.next[period]}
          disabled={isLastPeriod}
          onClick={moves.next}
        >
          <Icon name="right" />
        </button>
      </div>
      <div className="anchor when" ref={anchor}>
        <button
          ref={button}
          type="button"
          className="btn date-btn"
          aria-label={text.chooseDate(name)}
          aria-haspopup="dialog"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="cal" />
          <span className="cut">{name}</span>
        </button>
        {open && (
          <div
            className="pop times"
            role="dialog"
            aria-label={text.calendar}
            tabIndex={-1}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === "Escape") close();
            }}
          >
            <Suspense fallback={<div className="calendar-wait" />}>
              <CalendarPanel
                scope={scope}
                onChoose={(chosen) => {
                  close();
                  change(chosen);
                }}
              />
            </Suspense>
          </div>
        )}
      </div>
    </>
  );
}
