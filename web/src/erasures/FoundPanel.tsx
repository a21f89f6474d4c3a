import type { Found, Identifier } from "../api/erasures.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { LeftList } from "./LeftList.tsx";
import { SubjectExport } from "./SubjectExport.tsx";

const text = messages.erasures;

interface FoundPanelProps {
  found: Found;
  /** Who was looked for; nobody where single events were. */
  identifiers: readonly Identifier[];
  when: (at: string) => string;
  onKnown: (one: Identifier) => void;
}

/** What an erasure would take, what it would leave and why, and where else the person stands. */
export function FoundPanel({ found, identifiers, when, onKnown }: FoundPanelProps) {
  const parts = found.parts.fact + found.parts.person + found.parts.content;
  const headline =
    found.found === 0
      ? text.nothing
      : parts === 0
        ? text.nothingGoes
        : text.would(parts, found.events);
  return (
    <section className="panel found" aria-labelledby="found-title">
      <div className="found-head" role="status">
        <h2 id="found-title">{headline}</h2>
        <p className="muted">{text.foundWhere(found.found)}</p>
      </div>
      {found.found > 0 && (
        <div className="in">
          <dl className="pairs found-pairs">
            {(["person", "content", "fact"] as const).map((part) => (
              <div className="pair" key={part}>
                <dt>{text.partNames[part]}</dt>
                <dd>{countText(found.parts[part])}</dd>
              </div>
            ))}
          </dl>
          <div>
            <h3>{text.stays}</h3>
            {found.left.length === 0 ? (
              <p className="muted">{text.staysNone}</p>
            ) : (
              <LeftList left={found.left} />
            )}
          </div>
          {found.known.length > 0 && (
            <div>
              <h3>{text.known}</h3>
              <p className="muted">{text.knownHint}</p>
              <ul className="known">
                {found.known.map((one) => (
                  <li key={`${one.kind}:${one.value}`}>
                    <button
                      type="button"
                      className="btn"
                      onClick={() => onKnown({ kind: one.kind, value: one.value })}
                    >
                      <Icon name="plus" />
                      <span className="vh">{text.knownAdd(visible(one.value))}</span>
                      <span className="known-value" aria-hidden="true">
                        <Shown text={one.value} />
                      </span>
                      <span className="muted" aria-hidden="true">
                        {countText(one.events)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          )}
          {found.places.length > 0 && (
            <div>
              <h3>{text.places}</h3>
              <ul className="left-list">
                {found.places.map((place) => (
                  <li key={`${place.kind}:${place.name}:${place.at}`}>
                    <b>{text.placeKinds[place.kind] ?? place.kind}</b> <Shown text={place.name} />
                    {place.at && `, ${when(place.at)}`}:{" "}
                    {place.goes ? text.placeGoes : text.placeStays[place.kind]}
                  </li>
                ))}
              </ul>
            </div>
          )}
          {identifiers.length > 0 && <SubjectExport identifiers={identifiers} />}
          <details>
            <summary>{text.sample}</summary>
            <ul className="left-list sample">
              {found.sample.map((one) => (
                <li key={one.index}>
                  {one.id ? (
                    <Link to={`?event=${one.id}`}>{text.entry(one.index)}</Link>
                  ) : (
                    text.entry(one.index)
                  )}{" "}
                  <OneLine text={one.operation ?? "—"} />{" "}
                  <span className="muted">
                    {one.occurred_at && when(one.occurred_at)}{" "}
                    {one.goes.map((part) => text.partNames[part]).join(", ") || text.keepsAll}
                  </span>
                </li>
              ))}
            </ul>
          </details>
        </div>
      )}
    </section>
  );
}
