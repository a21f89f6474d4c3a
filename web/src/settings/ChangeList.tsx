import type { PolicyChange } from "../api/retention.ts";
import { OneLine } from "../text/Shown.tsx";
import { changeText, labelOf } from "./names.ts";

/** Changes of the policy in words, by category. */
export function ChangeList({ changes }: { changes: readonly PolicyChange[] }) {
  const byCategory = new Map<string, PolicyChange[]>();
  for (const change of changes) {
    byCategory.set(change.category, [...(byCategory.get(change.category) ?? []), change]);
  }
  return (
    <ul className="change-list">
      {[...byCategory].map(([name, of]) => (
        <li key={name}>
          <b>
            <OneLine text={labelOf({ name, label: of[0]?.label ?? name })} />
          </b>{" "}
          <span>{of.map(changeText).join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}
