import { parseDate } from "@internationalized/date";
import { type FormEvent, useState } from "react";
import type { Periods } from "../api/summary.ts";
import { useOpening } from "../controls/MenuButton.tsx";
import type { Scope } from "../logs/scope.ts";
import type { Change } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { dateOf, otherName } from "./names.ts";

const text = messages.summary;

interface CompareWithProps {
  scope: Scope;
  change: Change;
  periods: Periods;
}

/** The second period: the one before, last year's, or any days. */
export function CompareWith({ scope, change, periods }: CompareWithProps) {
  const { compare } = scope.view;
  const isOther = compare !== null && compare !== "year";
  const { open, setOpen, close, anchor, button } = useOpening();
  return (
    <>
      <span className="muted compare-label">{text.compareWith}</span>
      <fieldset className="bare seg" aria-label={text.compareWith}>
        {[null, "year"].map((name) => (
          <button
            key={name ?? "previous"}
            type="button"
            aria-pressed={compare === name}
            onClick={() => change({ compare: name })}
          >
            {otherName(scope, name, null)}
          </button>
        ))}
        <div className="anchor" ref={anchor}>
          <button
            ref={button}
            type="button"
            aria-pressed={isOther}
            aria-haspopup="dialog"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {text.choose}
          </button>
          {open && (
            <ChosenDays
              from={dateOf(scope, periods.whole_other.from)}
              to={dateOf(scope, new Date(Date.parse(periods.whole_other.to) - 1).toISOString())}
              onClose={close}
              onChoose={(value) => {
                close();
                change({ compare: value });
              }}
            />
          )}
        </div>
      </fieldset>
    </>
  );
}

interface ChosenDaysProps {
  from: string;
  to: string;
  onClose: () => void;
  onChoose: (compare: string) => void;
}

function ChosenDays({ from, to, onClose, onChoose }: ChosenDaysProps) {
  const [days, setDays] = useState({ from, to });
  const isWrong = days.from > days.to;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (isWrong || !days.from || !days.to) return;
    onChoose(`${days.from}/${parseDate(days.to).add({ days: 1 })}`);
  };
  return (
    <form
      className="pop chosen-days"
      onSubmit={send}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onClose();
      }}
    >
      {(["from", "to"] as const).map((name) => (
        <label key={name} className="lbl">
          {name === "from" ? text.chosenFrom : text.chosenTo}
          <input
            className="input"
            type="date"
            required
            value={days[name]}
            aria-invalid={isWrong}
            onChange={(event) => setDays({ ...days, [name]: event.target.value })}
          />
        </label>
      ))}
      {isWrong && <p className="wrong">{text.wrongDates}</p>}
      <button type="submit" className="btn main">
        {text.compare}
      </button>
    </form>
  );
}
