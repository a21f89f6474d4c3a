import { lazy, Suspense, useMemo, useState } from "react";
import type { AuditEvent, Change } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { gone, goneText } from "../logs/cells.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { cutMiddle, cutPair } from "../text/visible.ts";
import { isMasked } from "./redacted.ts";

const text = messages.drawer;
const LONGEST = 4000;
// npm `diff` comes only where two texts are to be compared.
const WordPair = lazy(() => import("./WordPair.tsx"));

/** A value as text: strings bare, anything else as JSON; what is absent has none. */
function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Both sides as texts; of long ones what they share is left out, not what they differ in. */
function textsOf({ before, after }: Change): [string | null, string | null] {
  const [first, second] = [valueText(before), valueText(after)];
  if (first === null || second === null || isMasked(before) || isMasked(after))
    return [first && cutMiddle(first, LONGEST), second && cutMiddle(second, LONGEST)];
  return cutPair(first, second, LONGEST);
}

interface ValueProps {
  value: unknown;
  shown: string | null;
  as: "del" | "ins";
}

function Value({ value, shown, as: Tag }: ValueProps) {
  if (isMasked(value)) {
    return (
      <span className="tag" title={trail.details.redactedWhy}>
        <Icon name="lock" />
        {trail.details.redacted}
      </span>
    );
  }
  if (shown === null) return <span className="muted">{text.notSet}</span>;
  return (
    <Tag>
      <bdi>
        <Shown text={shown === "" ? '""' : shown} />
      </bdi>
    </Tag>
  );
}

const isUnchanged = (change: Change): boolean =>
  !isMasked(change.after) && JSON.stringify(change.before) === JSON.stringify(change.after);

/** Texts of several words on both sides: these are compared word by word. */
function isProse({ before, after }: Change): boolean {
  return (
    typeof before === "string" &&
    typeof after === "string" &&
    !isMasked(before) &&
    !isMasked(after) &&
    /\s/.test(before.trim()) &&
    /\s/.test(after.trim())
  );
}

function Sides({ change }: { change: Change }) {
  const [first, second] = useMemo(() => textsOf(change), [change]);
  const before = <Value value={change.before} shown={first} as="del" />;
  const after = <Value value={change.after} shown={second} as="ins" />;
  if (!isProse(change)) {
    return (
      <>
        <td>{before}</td>
        <td>{after}</td>
      </>
    );
  }
  return (
    <Suspense
      fallback={
        <>
          <td>{before}</td>
          <td>{after}</td>
        </>
      }
    >
      <td>
        <WordPair before={first ?? ""} after={second ?? ""} side="before" whole={before} />
      </td>
      <td>
        <WordPair before={first ?? ""} after={second ?? ""} side="after" whole={after} />
      </td>
    </Suspense>
  );
}

function note(change: Change): string {
  const isSet = (value: unknown): boolean => value !== null && value !== undefined;
  if (!isSet(change.before) && isSet(change.after)) return trail.details.added;
  return isSet(change.before) && !isSet(change.after) ? trail.details.removed : "";
}

/** Field, before, after; what did not change is left out until asked for. */
export function Changes({ event }: { event: AuditEvent }) {
  const [all, setAll] = useState(false);
  const missing = gone(event, "content");
  const changes = event.changes ?? [];
  if (changes.length === 0) {
    return missing ? (
      <p>
        <span className="gone">{goneText(missing)}</span>
      </p>
    ) : (
      <p className="muted">{text.noChanges}</p>
    );
  }
  const unchanged = changes.filter(isUnchanged).length;
  const shown = all ? changes : changes.filter((change) => !isUnchanged(change));
  return (
    <>
      {shown.length === 0 ? (
        <p className="muted">{trail.details.allUnchanged}</p>
      ) : (
        <div className="diff">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.field}</th>
                <th scope="col">{text.before}</th>
                <th scope="col">{text.after}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((change, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: one field may change twice; the order is fixed
                <tr key={`${at} ${change.path}`} className={isUnchanged(change) ? "same" : ""}>
                  <td title={note(change) || undefined}>
                    <Shown text={change.path} />
                  </td>
                  <Sides change={change} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {unchanged > 0 && (
        <button
          type="button"
          className="linkish"
          aria-expanded={all}
          onClick={() => setAll((before) => !before)}
        >
          {all ? trail.details.hideUnchanged : trail.details.unchanged(unchanged)}
        </button>
      )}
    </>
  );
}
