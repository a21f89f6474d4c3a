import type { Change, View } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import "./summary.css";

const text = messages.summary;

interface ChoiceProps {
  view: View;
  change: Change;
}

/** List or Summary. */
export function ShowAs({ view, change }: ChoiceProps) {
  return (
    <fieldset className="bare seg show-as" aria-label={text.showAs}>
      {(["list", "summary"] as const).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={view.view === name}
          onClick={() => change({ view: name, event: null })}
        >
          {text[name]}
        </button>
      ))}
    </fieldset>
  );
}

/** A line for each actor and address that occur together. */
export const PAIRS = "actor_ip";
export const GROUPS = ["operation", "actor", "ip", "status", "changes"] as const;

/** What the summary has a line for. */
export function GroupBy({ view, change }: ChoiceProps) {
  const chosen = view.by ?? "operation";
  // Pairs are lines of a view of their own; they are no usual choice.
  const names = chosen === PAIRS ? [...GROUPS, PAIRS] : GROUPS;
  return (
    <fieldset className="bare seg group-by" aria-label={text.groupBy}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={chosen === name}
          onClick={() => change({ by: name === "operation" ? null : name, sort: null })}
        >
          {text.by[name]}
        </button>
      ))}
    </fieldset>
  );
}
