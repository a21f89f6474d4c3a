import type { Outcome } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OUTCOMES } from "./bars.ts";
import { OUTCOME_LOOKS } from "./cells.tsx";
import { isHidden, toggleOutcome } from "./legend.ts";
import type { Change } from "./view.ts";

interface LegendProps {
  q: string;
  totals: Record<Outcome, number>;
  hasBands: boolean;
  change: Change;
}

/** What the colours mean, how many there are, and the way to leave one out. */
export function Legend({ q, totals, hasBands, change }: LegendProps) {
  const text = messages.list.timeline;
  return (
    <>
      {OUTCOMES.map((name) => {
        const isOff = isHidden(q, name);
        return (
          <button
            key={name}
            type="button"
            className={`key ${OUTCOME_LOOKS[name].look}`}
            aria-pressed={!isOff}
            title={
              isOff
                ? text.letIn(messages.logs.outcomes[name])
                : text.leaveOut(messages.logs.outcomes[name])
            }
            onClick={() => change({ q: toggleOutcome(q, name), event: null })}
          >
            {messages.logs.outcomes[name]} <em>{countText(totals[name])}</em>
          </button>
        );
      })}
      {hasBands && <span className="key hatch">{text.notRecorded}</span>}
    </>
  );
}
