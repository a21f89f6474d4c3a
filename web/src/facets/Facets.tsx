import { useCallback, useState } from "react";
import { readStored, writeStored } from "../controls/stored.ts";
import type { Scope } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { FacetGroup } from "./FacetGroup.tsx";
import { FACETS } from "./fields.ts";
import "./facets.css";

const OPEN_AT_FIRST = ["outcome", "kind", "category", "operation"];

function openGroups(): string[] {
  const stored = readStored("facets");
  return stored === null ? OPEN_AT_FIRST : stored.split(" ").filter(Boolean);
}

interface FacetsProps {
  scope: Scope;
  generation: number;
  /** Whether the rows are there: the counts wait for them. */
  isReady: boolean;
  onSearch: (q: string) => void;
}

/** The most frequent values of the list, each a click to keep only it, or to leave it out. */
export function Facets({ scope, generation, isReady, onSearch }: FacetsProps) {
  const [open, setOpen] = useState(openGroups);
  // They appear together: each that came alone would push down those below it.
  const [awaited, setAwaited] = useState(open);
  const takeFirst = useCallback(
    (id: string) => setAwaited((ids) => (ids.includes(id) ? ids.filter((one) => one !== id) : ids)),
    [],
  );
  const toggle = (id: string) => {
    const next = open.includes(id) ? open.filter((item) => item !== id) : [...open, id];
    setOpen(next);
    writeStored("facets", next.join(" "));
  };
  return (
    <aside
      className={awaited.length > 0 ? "facets awaited" : "facets"}
      aria-label={messages.facets.label}
      aria-busy={awaited.length > 0}
    >
      {FACETS.map((facet) => (
        <FacetGroup
          key={facet.id}
          facet={facet}
          scope={scope}
          generation={generation}
          isOpen={open.includes(facet.id)}
          isReady={isReady}
          onFirst={takeFirst}
          onToggle={() => toggle(facet.id)}
          onSearch={onSearch}
        />
      ))}
    </aside>
  );
}
