import type { AuditEvent } from "../api/types.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";

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

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** The event exactly as the API gives it. */
export function RawJson({ event }: { event: AuditEvent }) {
  const json = JSON.stringify(event, null, 2);
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
          onClick={() => save(`entry-${event.index}.json`, `${json}\n`)}
        >
          <Icon name="export" />
          {messages.drawer.download}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long text must scroll by keyboard */}
      <pre className="raw" tabIndex={0}>
        {tokens(json).map((token, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are never reordered
          <span key={at} className={token.look}>
            {token.text.includes("\n") ? token.text : <Shown text={token.text} />}
          </span>
        ))}
      </pre>
    </>
  );
}
