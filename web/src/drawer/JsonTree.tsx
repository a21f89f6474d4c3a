import { useState } from "react";
import { messages } from "../text/messages.ts";
import { bytesText } from "../text/numbers.ts";
import { Shown } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";

const MOST_SHOWN = 500;
const MOST_DRAWN = 4000;

/** A JSON value as a tree; what has parts opens and closes, by keyboard too. */
export function JsonTree({ value }: { value: object }) {
  return (
    <ul className="json" aria-label={trail.details.tree}>
      {Object.entries(value).map(([name, part]) => (
        <Branch key={name} name={name} value={part} depth={0} />
      ))}
    </ul>
  );
}

interface BranchProps {
  name: string;
  value: unknown;
  depth: number;
}

function Branch({ name, value, depth }: BranchProps) {
  const label = (
    <span className="k">
      <Shown text={name} />
    </span>
  );
  if (value === null || typeof value !== "object") {
    return (
      <li className="leaf">
        {label}: <Leaf value={value} />
      </li>
    );
  }
  const parts = Object.entries(value);
  const sign = Array.isArray(value) ? "[…]" : "{…}";
  if (parts.length === 0) {
    return (
      <li className="leaf">
        {label}: <span className="muted">{Array.isArray(value) ? "[]" : "{}"}</span>
      </li>
    );
  }
  return (
    <li>
      <details open={depth < 2}>
        <summary>
          {label} <span className="muted">{`${sign} ${trail.details.items(parts.length)}`}</span>
        </summary>
        <ul>
          {parts.slice(0, MOST_SHOWN).map(([inner, part]) => (
            <Branch key={inner} name={inner} value={part} depth={depth + 1} />
          ))}
          {parts.length > MOST_SHOWN && <li className="muted">…</li>}
        </ul>
      </details>
    </li>
  );
}

/** A text as JSON has it; of a long one the begin, until all of it is asked for. */
function Text({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(text.length <= MOST_DRAWN);
  if (isWhole) {
    return (
      <span className="s">
        <Shown text={text} />
      </span>
    );
  }
  return (
    <span className="s">
      <Shown text={text.slice(0, MOST_DRAWN).replace(/[\ud800-\udbff]$/, "")} />…{" "}
      <button type="button" className="linkish" onClick={() => setWhole(true)}>
        {messages.drawer.showAll(bytesText(new TextEncoder().encode(text).length))}
      </button>
    </span>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") {
    return <Text text={JSON.stringify(value)} />;
  }
  return <span className="n">{String(value)}</span>;
}
