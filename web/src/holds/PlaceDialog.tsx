import { parseDate } from "@internationalized/date";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { HOLDS, type HoldWish, placeHold, previewHold } from "../api/holds.ts";
import { fetchRetention, RETENTION } from "../api/retention.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { labelOf } from "../settings/names.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { isoText } from "../time/format.ts";

const text = messages.holds;

/** The moment at which a day begins in a zone; null for no day. */
const startOf = (day: string, zone: string): string | null =>
  day ? isoText(parseDate(day).toDate(zone).getTime()) : null;

/** A new hold: what it covers is counted before it can be placed. */
export function PlaceDialog({ zone, onClose }: { zone: string; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [categories, setCategories] = useState<string[]>([]);
  const [texts, setTexts] = useState({ actor: "", target: "", query: "", from: "", to: "" });
  const known = useQuery({ queryKey: RETENTION, queryFn: ({ signal }) => fetchRetention(signal) });
  const wish: HoldWish = {
    categories,
    actor: texts.actor.trim(),
    target: texts.target.trim(),
    query: texts.query.trim(),
    from: startOf(texts.from, zone),
    to: startOf(texts.to, zone),
  };
  const key = JSON.stringify(wish);
  const count = useMutation({ mutationFn: async () => ({ key, ...(await previewHold(wish)) }) });
  const place = useMutation({
    mutationFn: () => placeHold(name.trim(), reason.trim(), wish),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: HOLDS });
      onClose();
    },
  });
  // Numbers of another wish say nothing about this one.
  const counted = count.data?.key === key ? count.data : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!counted) count.mutate();
    else place.mutate();
  };
  const field = (part: keyof typeof texts, type: "text" | "date", hint?: string) => (
    <label className="lbl">
      {text[part]}
      <input
        className="input"
        type={type}
        value={texts[part]}
        maxLength={300}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTexts({ ...texts, [part]: event.target.value })}
      />
      {hint && <small>{hint}</small>}
    </label>
  );
  const problem = count.error ?? place.error;
  return (
    <Dialog title={text.place} onClose={onClose}>
      <form onSubmit={submit} className="hold-form">
        <div className="in">
          <label className="lbl">
            {text.name}
            <input
              className="input"
              required
              maxLength={100}
              value={name}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
            <small>{text.nameHint}</small>
          </label>
          <label className="lbl">
            {text.reason}
            <textarea
              className="input"
              rows={2}
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          <p className="lbl">
            {text.covers}
            <small>{text.coversHint}</small>
          </p>
          {known.data && (
            <fieldset className="bare hold-cats">
              <legend className="lbl">{text.categories}</legend>
              {known.data.categories.map((one) => (
                <label key={one.name}>
                  <input
                    type="checkbox"
                    checked={categories.includes(one.name)}
                    onChange={(event) =>
                      setCategories(
                        event.target.checked
                          ? [...categories, one.name]
                          : categories.filter((other) => other !== one.name),
                      )
                    }
                  />
                  <OneLine text={labelOf(one)} />
                </label>
              ))}
            </fieldset>
          )}
          <div className="hold-fields">
            {field("actor", "text", text.actorHint)}
            {field("target", "text")}
            {field("from", "date", zone)}
            {field("to", "date", zone)}
          </div>
          {field("query", "text", text.queryHint)}
          {counted && (
            <output className="warnbox">
              <b>{text.found(counted.events)}</b>{" "}
              {counted.form === "clear" ? text.clear : text.list}
              {counted.erasures.length > 0 && <> {text.conflicts(counted.erasures.length)}</>}
            </output>
          )}
          {problem && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {problem.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          {counted ? (
            <button
              type="submit"
              className="btn main"
              disabled={place.isPending || !name.trim() || !reason.trim()}
            >
              {text.create}
            </button>
          ) : (
            <button type="submit" className="btn main" disabled={count.isPending}>
              {count.isPending ? text.counting : text.look}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
