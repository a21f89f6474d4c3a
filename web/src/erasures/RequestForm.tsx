import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { APPROVALS } from "../api/approvals.ts";
import { askToErase, ERASURES, type Found, type Look } from "../api/erasures.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";

const text = messages.erasures;
const REASONS = Object.keys(text.reasons);

interface RequestFormProps {
  look: Look;
  found: Found;
  onAsked: () => void;
}

/** Asks for what was looked at; the number of events has to be typed. */
export function RequestForm({ look, found, onAsked }: RequestFormProps) {
  const client = useQueryClient();
  const id = useId();
  const isPerson = (look.identifiers?.length ?? 0) > 0;
  const [reason, setReason] = useState(isPerson ? "data-subject" : "error");
  const [number, setNumber] = useState("");
  const [note, setNote] = useState("");
  const [atOnce, setAtOnce] = useState(false);
  const [typed, setTyped] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      askToErase({
        ...look,
        reason,
        case: number.trim(),
        note: note.trim(),
        at_once: atOnce || reason !== "data-subject",
      }),
    onSuccess: async () => {
      await Promise.all(
        [ERASURES, APPROVALS].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
      onAsked();
    },
  });
  const isReady =
    number.trim() !== "" && note.trim() !== "" && typed.replace(/\D/g, "") === `${found.events}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) ask.mutate();
  };
  return (
    <form className="panel" onSubmit={submit} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{text.ask}</h2>
      </header>
      <div className="in">
        <label className="lbl">
          {text.reason}
          <select
            className="input"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          >
            {REASONS.map((one) => (
              <option key={one} value={one}>
                {text.reasons[one]}
              </option>
            ))}
          </select>
        </label>
        <label className="lbl">
          {text.case}
          <input
            className="input"
            required
            maxLength={60}
            value={number}
            autoComplete="off"
            onChange={(event) => setNumber(event.target.value)}
          />
          <small>{text.caseHint}</small>
        </label>
        <label className="lbl">
          {text.note}
          <textarea
            className="input"
            rows={2}
            required
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
        {reason === "data-subject" && (
          <fieldset className="forms">
            <legend className="lbl">{text.when}</legend>
            {([false, true] as const).map((now) => (
              <label className="choice" key={`${now}`}>
                <input
                  type="radio"
                  name={`${id}-when`}
                  checked={atOnce === now}
                  onChange={() => setAtOnce(now)}
                />
                {now ? text.atOnce : text.batch}
                {!now && <small>{text.batchHint}</small>}
              </label>
            ))}
          </fieldset>
        )}
        {found.needs_approval && found.deciders === 0 && (
          <p className="warnbox">
            {text.alone} <Link to="users">{messages.approvals.toUsers}</Link>
          </p>
        )}
        <label className="lbl">
          {text.typed(countText(found.events))}
          <input
            className="input"
            inputMode="numeric"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        {ask.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {ask.error.message}
          </p>
        )}
      </div>
      <div className="actions">
        <button type="submit" className="btn danger" disabled={ask.isPending || !isReady}>
          {found.needs_approval ? text.send : text.sendAlone}
        </button>
      </div>
    </form>
  );
}
