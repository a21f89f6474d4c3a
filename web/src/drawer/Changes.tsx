import type { AuditEvent } from "../api/types.ts";
import { gone, goneText } from "../logs/cells.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { cutMiddle } from "../text/visible.ts";

const text = messages.drawer;
const LONGEST = 4000;

/** A value as text: strings bare, anything else as JSON; what is absent has none. */
function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return cutMiddle(shown, LONGEST);
}

function Value({ value, as: Tag }: { value: unknown; as: "del" | "ins" }) {
  const shown = valueText(value);
  if (shown === null) return <span className="muted">{text.notSet}</span>;
  return (
    <Tag>
      <bdi>
        <Shown text={shown === "" ? '""' : shown} />
      </bdi>
    </Tag>
  );
}

/** Field, before, after. */
export function Changes({ event }: { event: AuditEvent }) {
  const missing = gone(event.state?.content);
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
  return (
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
          {changes.map((change, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: one field may change twice; the order is fixed
            <tr key={`${at} ${change.path}`}>
              <td>
                <Shown text={change.path} />
              </td>
              <td>
                <Value value={change.before} as="del" />
              </td>
              <td>
                <Value value={change.after} as="ins" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
