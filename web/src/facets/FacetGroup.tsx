import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { fetchStats } from "../api/log.ts";
import { Icon } from "../icons/Icon.tsx";
import type { Scope } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import {
  choiceOf,
  countsOf,
  excluded,
  type FacetField,
  iconOf,
  labelOf,
  only,
  otherTerms,
  toggled,
} from "./fields.ts";

const FEW = 5;
const MANY = 200;
const text = messages.facets;

interface FacetGroupProps {
  facet: FacetField;
  scope: Scope;
  generation: number;
  isOpen: boolean;
  isReady: boolean;
  /** Called once its first counts are there, or cannot be had. */
  onFirst: (id: string) => void;
  onToggle: () => void;
  onSearch: (q: string) => void;
}

/** One field of the sidebar with its most frequent values. */
export function FacetGroup(props: FacetGroupProps) {
  const { facet, scope, generation, isOpen, isReady, onFirst, onToggle, onSearch } = props;
  const [isLong, setLong] = useState(false);
  const [wanted, setWanted] = useState("");
  const id = useId();
  const q = scope.view.q;
  const { order: _, ...filters } = scope.filters;
  const asked = { ...filters, q: otherTerms(q, facet), group: facet.group, limit: MANY };
  const { data, isFetched } = useQuery({
    queryKey: ["stats", "facet", asked, generation],
    queryFn: ({ signal }) => fetchStats(asked, signal),
    enabled: isOpen && isReady,
    placeholderData: keepPreviousData,
  });
  useEffect(() => {
    if (isFetched) onFirst(facet.id);
  }, [facet.id, isFetched, onFirst]);
  const all = countsOf(facet, data?.groups ?? []);
  const found = all.filter(({ key }) => {
    const typed = wanted.trim().toLowerCase();
    return `${labelOf(facet, key)} ${key}`.toLowerCase().includes(typed);
  });
  const shown = isLong ? found : found.slice(0, FEW);
  const most = Math.max(1, ...all.map((group) => group.count));
  const title = text.titles[facet.id];
  const hasMore = all.length > FEW;
  // It keeps its height, so that what lies below does not jump with each step in time.
  const tallest = useRef(0);
  if (!isLong) tallest.current = Math.max(tallest.current, shown.length + (hasMore ? 1 : 0));
  return (
    <section>
      <h2>
        <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={onToggle}>
          {title}
          <Icon name={isOpen ? "down" : "right"} />
        </button>
      </h2>
      {isOpen && (
        <div id={id} style={{ minHeight: `calc(${tallest.current} * var(--row))` }}>
          {isLong && (
            <input
              type="search"
              className="input"
              aria-label={text.find(title)}
              placeholder={text.find(title)}
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          )}
          <ul className={isLong ? "long" : ""}>
            {shown.map(({ key, count }) => (
              <FacetValue
                key={key}
                facet={facet}
                value={key}
                count={count}
                share={count / most}
                q={q}
                onSearch={onSearch}
              />
            ))}
          </ul>
          {data && shown.length === 0 && <p className="nothing">{text.nothing}</p>}
          {hasMore && (
            <button type="button" className="more" onClick={() => setLong(!isLong)}>
              {isLong ? text.fewer : text.more(all.length - FEW)}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

interface FacetValueProps {
  facet: FacetField;
  value: string;
  count: number;
  share: number;
  q: string;
  onSearch: (q: string) => void;
}

function FacetValue({ facet, value, count, share, q, onSearch }: FacetValueProps) {
  const choice = choiceOf(q, facet, value);
  const label = labelOf(facet, value);
  const look = iconOf(facet, value);
  return (
    <li className={choice === "out" ? "out" : ""}>
      <meter aria-hidden="true" value={share} />
      <label>
        <input
          type="checkbox"
          checked={choice === "in"}
          onChange={() => onSearch(toggled(q, facet, value))}
        />
        {look && (
          <span className={`st ${look.look}`}>
            <Icon name={look.icon} />
          </span>
        )}
        <OneLine text={label} tail={6} />
        <em>{countText(count)}</em>
      </label>
      <span className="acts">
        <button
          type="button"
          aria-label={text.onlyThis(label)}
          title={text.onlyThis(label)}
          onClick={() => onSearch(only(q, facet, value))}
        >
          {text.only}
        </button>
        <button
          type="button"
          aria-label={text.leaveOut(label)}
          title={text.leaveOut(label)}
          aria-pressed={choice === "out"}
          onClick={() => onSearch(excluded(q, facet, value))}
        >
          <Icon name="none" />
        </button>
      </span>
    </li>
  );
}
