import { type FormEvent, useId } from "react";
import type { Identifier, IdentifierKind } from "../api/erasures.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { type LookDraft, PARTS, sentLook } from "./look.ts";

const text = messages.erasures;
const KINDS = Object.keys(text.kinds) as IdentifierKind[];

interface LookFormProps {
  draft: LookDraft;
  isPending: boolean;
  onChange: (draft: LookDraft) => void;
  onLook: () => void;
  onPerson: () => void;
}

/** Who is looked for, and which parts shall go. */
export function LookForm({ draft, isPending, onChange, onLook, onPerson }: LookFormProps) {
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLook();
  };
  const setRow = (at: number, part: Partial<Identifier>) =>
    onChange({
      ...draft,
      rows: draft.rows.map((row, position) => (position === at ? { ...row, ...part } : row)),
    });
  const isSingle = draft.entries.length > 0;
  return (
    <form className="panel" onSubmit={submit} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{isSingle ? text.entriesTitle : text.find}</h2>
        <span className="muted">{text.findLead}</span>
      </header>
      <div className="in">
        {isSingle ? (
          <p>
            {text.entriesOf(draft.entries.join(", "))}{" "}
            <button type="button" className="btn quiet" onClick={onPerson}>
              {text.person}
            </button>
          </p>
        ) : (
          <div className="who">
            {draft.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
              <div className="who-row" key={at}>
                <select
                  className="input"
                  aria-label={text.kind}
                  value={row.kind}
                  onChange={(event) => setRow(at, { kind: event.target.value as IdentifierKind })}
                >
                  {KINDS.map((kind) => (
                    <option key={kind} value={kind}>
                      {text.kinds[kind]}
                    </option>
                  ))}
                </select>
                <input
                  className="input"
                  aria-label={text.value}
                  value={row.value}
                  maxLength={256}
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => setRow(at, { value: event.target.value })}
                />
                <button
                  type="button"
                  className="btn icon quiet"
                  aria-label={text.remove(row.value || text.value)}
                  disabled={draft.rows.length === 1}
                  onClick={() =>
                    onChange({ ...draft, rows: draft.rows.filter((_, other) => other !== at) })
                  }
                >
                  <Icon name="x" />
                </button>
              </div>
            ))}
            <button
              type="button"
              className="btn quiet"
              disabled={draft.rows.length >= 20}
              onClick={() =>
                onChange({ ...draft, rows: [...draft.rows, { kind: "id", value: "" }] })
              }
            >
              <Icon name="plus" />
              {text.add}
            </button>
          </div>
        )}
        <fieldset className="forms part-forms">
          <legend className="lbl">{text.parts}</legend>
          {PARTS.map((part) => (
            <label className="choice" key={part}>
              <input
                type="checkbox"
                checked={draft.parts.includes(part)}
                onChange={(event) =>
                  onChange({
                    ...draft,
                    parts: event.target.checked
                      ? [...draft.parts, part]
                      : draft.parts.filter((other) => other !== part),
                  })
                }
              />
              {text.partNames[part]}
              <small>{text.partHints[part]}</small>
            </label>
          ))}
        </fieldset>
        {!isSingle && (
          <fieldset className="forms">
            <legend className="lbl">{text.reach}</legend>
            {([false, true] as const).map((whole) => (
              <label className="choice" key={`${whole}`}>
                <input
                  type="radio"
                  name={`${id}-reach`}
                  checked={draft.whole === whole}
                  onChange={() => onChange({ ...draft, whole })}
                />
                {whole ? text.reaches.whole : text.reaches.named}
              </label>
            ))}
          </fieldset>
        )}
      </div>
      <div className="actions">
        <button type="submit" className="btn main" disabled={isPending || !sentLook(draft)}>
          <Icon name="search" />
          {isPending ? text.looking : text.look}
        </button>
      </div>
    </form>
  );
}
