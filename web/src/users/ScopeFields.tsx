import type { Scope } from "../api/users.ts";
import { messages } from "../text/messages.ts";
import "./scope.css";

const text = messages.users.scope;
const STREAMS = ["user", "system", "task"] as const;

/** A scope as it is typed: lists with commas, targets as `type id`. */
export interface ScopeDraft {
  streams: string[];
  categories: string;
  sources: string;
  targets: string;
}

export function draftOf(scope: Scope | null | undefined): ScopeDraft {
  return {
    streams: scope?.streams ?? [],
    categories: (scope?.categories ?? []).join(", "),
    sources: (scope?.sources ?? []).join(", "),
    targets: (scope?.targets ?? []).map((one) => `${one.type} ${one.id}`).join(", "),
  };
}

const listed = (typed: string): string[] =>
  typed
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

/** The scope that was typed; null where it binds to nothing. */
export function scopeOf(draft: ScopeDraft): Scope | null {
  const scope: Scope = {};
  if (draft.streams.length > 0) scope.streams = draft.streams;
  const categories = listed(draft.categories);
  if (categories.length > 0) scope.categories = categories;
  const sources = listed(draft.sources);
  if (sources.length > 0) scope.sources = sources;
  const targets = listed(draft.targets).map((one) => {
    const at = one.search(/\s/);
    return at < 0 ? { type: "", id: one } : { type: one.slice(0, at), id: one.slice(at).trim() };
  });
  if (targets.length > 0) scope.targets = targets;
  return Object.keys(scope).length > 0 ? scope : null;
}

interface ScopeFieldsProps {
  draft: ScopeDraft;
  onChange: (draft: ScopeDraft) => void;
  /** Targets bind what is read, not what is written. */
  withTargets: boolean;
}

/** To which part of the log somebody or a key is bound; nothing chosen is all of it. */
export function ScopeFields({ draft, onChange, withTargets }: ScopeFieldsProps) {
  const field = (name: "categories" | "sources" | "targets") => (
    <label className="lbl">
      {text[name]}
      <input
        className="input"
        autoComplete="off"
        placeholder={text.all}
        value={draft[name]}
        onChange={(event) => onChange({ ...draft, [name]: event.target.value })}
      />
      <small>{text.hints[name]}</small>
    </label>
  );
  return (
    <details className="scope" open={scopeOf(draft) !== null}>
      <summary>{text.title}</summary>
      <fieldset className="forms scope-streams">
        <legend className="lbl">{text.streams}</legend>
        {STREAMS.map((item) => (
          <label key={item} className="choice">
            <input
              type="checkbox"
              checked={draft.streams.includes(item)}
              onChange={(event) =>
                onChange({
                  ...draft,
                  streams: STREAMS.filter((one) =>
                    one === item ? event.target.checked : draft.streams.includes(one),
                  ),
                })
              }
            />
            <span>{text.streamNames[item]}</span>
          </label>
        ))}
      </fieldset>
      {field("categories")}
      {field("sources")}
      {withTargets && field("targets")}
    </details>
  );
}
