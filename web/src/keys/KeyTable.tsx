import type { ApiKey, KeyKind, Settings } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import "./keys.css";

const text = messages.keys;

interface KeyTableProps {
  keys: ApiKey[] | null;
  settings: Settings;
  onRevoke: (key: ApiKey) => void;
  onRotate: (key: ApiKey) => void;
}

const kindLetter = (kind: ApiKey["kind"]): KeyKind => kind.slice(0, 1) as KeyKind;

/** The keys, each with what it may, from where and how long, and what can be done with it. */
export function KeyTable({ keys, settings, onRevoke, onRotate }: KeyTableProps) {
  const when = (at: string | null | undefined): string =>
    at ? momentText(Date.parse(at), settings.zone, settings.date_format) : text.never;
  if (keys === null) {
    return (
      <div className="in">
        <span className="bone key-bone" />
        <span className="bone key-bone" />
      </div>
    );
  }
  if (keys.length === 0) return <p className="in muted">{text.none}</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{text.name}</th>
          <th scope="col">{text.kind}</th>
          <th scope="col">{text.created}</th>
          <th scope="col">{text.lastUsed}</th>
          <th scope="col">{text.state}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id} className={key.revoked_at ? "off" : ""}>
            <td>
              <OneLine text={key.name} /> <code className="muted">{key.id}</code>
            </td>
            <td data-label={text.kind}>
              {text.kinds[kindLetter(key.kind)]}
              <Bounds of={key} when={when} />
            </td>
            <td data-label={text.created}>{when(key.created_at)}</td>
            <td data-label={text.lastUsed}>{when(key.last_used_at)}</td>
            <td>
              {key.revoked_at ? (
                <span className="st none" title={when(key.revoked_at)}>
                  <Icon name="none" />
                  {text.revoked}
                </span>
              ) : (
                <span className="key-state">
                  <State of={key} />
                  <button
                    type="button"
                    className="btn quiet"
                    aria-label={`${text.rotate} ${visible(key.name)}`}
                    onClick={() => onRotate(key)}
                  >
                    {text.rotate}
                  </button>
                  <button
                    type="button"
                    className="btn quiet danger"
                    aria-label={`${text.revoke} ${visible(key.name)}`}
                    onClick={() => onRevoke(key)}
                  >
                    {text.revoke}
                  </button>
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function State({ of }: { of: ApiKey }) {
  const isOver = of.expires_at && Date.parse(of.expires_at) <= Date.now();
  return isOver ? (
    <span className="st none">
      <Icon name="none" />
      {text.expired}
    </span>
  ) : (
    <span className="st ok">
      <Icon name="ok" />
      {text.active}
    </span>
  );
}

/** What a key is bound to, in a line each; nothing where it is bound to nothing. */
function Bounds({ of, when }: { of: ApiKey; when: (at: string) => string }) {
  const scope = of.scope as Record<string, unknown[]> | null | undefined;
  const parts = Object.entries(scope ?? {}).map(([name, values]) => {
    const shown = values.map((one) =>
      typeof one === "object" ? Object.values(one as object).join(" ") : `${one}`,
    );
    return `${text.scopes[name] ?? name}: ${shown.join(", ")}`;
  });
  if (of.networks && of.networks.length > 0) parts.push(text.from(of.networks.join(", ")));
  if (of.expires_at) parts.push(text.until(when(of.expires_at)));
  if (of.old_until && Date.parse(of.old_until) > Date.now())
    parts.push(text.oldUntil(when(of.old_until)));
  return (
    <>
      {parts.map((part) => (
        <small key={part} className="key-bound muted">
          <OneLine text={part} />
        </small>
      ))}
    </>
  );
}
