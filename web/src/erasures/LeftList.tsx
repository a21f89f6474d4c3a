import type { Left } from "../api/erasures.ts";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";

const text = messages.erasures;

/** What stays, by category and part, with the reason. */
export function LeftList({ left }: { left: readonly Left[] }) {
  return (
    <ul className="left-list">
      {left.map((one) => (
        <li key={`${one.why}:${one.category}:${one.part}:${one.holds.join(",")}`}>
          <b>{text.partNames[one.part]}</b>, <Shown text={one.category} />,{" "}
          {text.eventsIn(one.events)}: {text.why[one.why]}
          {one.until && ` ${text.until(one.until)}`}
          {one.holds.length > 0 && (
            <>
              {" "}
              (<Shown text={one.holds.join(", ")} />)
            </>
          )}
          {one.paths.length > 0 && (
            <span className="muted">
              {" "}
              <code>
                <Shown text={one.paths.join(", ")} />
              </code>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
