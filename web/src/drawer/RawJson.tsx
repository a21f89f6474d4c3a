import { useMemo, useState } from "react";
import type { AuditEvent } from "../api/types.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { saveText } from "../controls/save.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { bytesText } from "../text/numbers.ts";
import { Shown } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { JsonTree } from "./JsonTree.tsx";

/** Characters drawn at once: beyond, the colours of a long value take the browser a second. */
const MOST_DRAWN = 20_000;

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

interface Token {
  text: string;
  look: "k" | "s" | "n" | "";
}

/** JSON text in pieces, for colour. */
function tokens(json: string): Token[] {
  const result: Token[] = [];
  let end = 0;
  for (const match of json.matchAll(TOKEN)) {
    if (match.index > end) result.push({ text: json.slice(end, match.index), look: "" });
    const [whole, quoted, colon] = match;
    if (quoted !== undefined) {
      result.push({ text: quoted, look: colon === undefined ? "s" : "k" });
      if (colon !== undefined) result.push({ text: colon, look: "" });
    } else result.push({ text: whole, look: "n" });
    end = match.index + whole.length;
  }
  if (end < json.length) result.push({ text: json.slice(end), look: "" });
  return result;
}

/** The begin of a long text; never half of a pair. */
const beginOf = (text: string): string => text.slice(0, MOST_DRAWN).replace(/[\ud800-\udbff]$/, "");

/**
 * The event exactly as the API gives it, as text or as a tree that opens and closes. Of a long one the
 * begin is drawn, and the rest when it is asked for; copies and downloads have all of it.
 */
export function RawJson({ event }: { event: AuditEvent }) {
  const [asTree, setAsTree] = useState(false);
  const [whole, setWhole] = useState<string | null>(null);
  const json = useMemo(() => JSON.stringify(event, null, 2), [event]);
  const isCut = json.length > MOST_DRAWN && whole !== event.id;
  const drawn = useMemo(() => tokens(isCut ? beginOf(json) : json), [json, isCut]);
  return (
    <>
      <div className="tools">
        <CopyButton
          text={json}
          label={messages.drawer.copy}
          face={messages.drawer.copy}
          className="btn"
        />
        <button
          type="button"
          className="btn"
          onClick={() => saveText(`entry-${event.index}.json`, `${json}\n`, "application/json")}
        >
          <Icon name="export" />
          {messages.drawer.download}
        </button>
        <span className="grow" />
        <fieldset className="seg" aria-label={trail.details.shape}>
          <button type="button" aria-pressed={!asTree} onClick={() => setAsTree(false)}>
            {trail.details.asText}
          </button>
          <button type="button" aria-pressed={asTree} onClick={() => setAsTree(true)}>
            {trail.details.asTree}
          </button>
        </fieldset>
      </div>
      {asTree ? (
        <JsonTree value={event} />
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long text must scroll by keyboard */}
          <pre className="raw" tabIndex={0}>
            {drawn.map((token, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are never reordered
              <span key={at} className={token.look}>
                {token.text.includes("\n") ? token.text : <Shown text={token.text} />}
              </span>
            ))}
            {isCut && <span className="muted">…</span>}
          </pre>
          {isCut && (
            <p className="raw-more">
              <button type="button" className="btn" onClick={() => setWhole(event.id)}>
                {messages.drawer.showAll(bytesText(new TextEncoder().encode(json).length))}
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}
