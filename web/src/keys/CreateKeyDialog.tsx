import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createKey, KEYS, type NewKey } from "../api/keys.ts";
import type { KeyKind } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { draftOf, ScopeFields, scopeOf } from "../users/ScopeFields.tsx";

const text = messages.keys;
const KINDS: readonly KeyKind[] = ["w", "r", "a", "s"];
const DAY_MS = 86_400_000;

interface CreateKeyDialogProps {
  onMade: (key: NewKey) => void;
  onClose: () => void;
}

export function CreateKeyDialog({ onMade, onClose }: CreateKeyDialogProps) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<KeyKind>("w");
  const [draft, setDraft] = useState(() => draftOf(null));
  const [days, setDays] = useState("");
  const [networks, setNetworks] = useState("");
  const create = useMutation({
    mutationFn: () =>
      createKey({
        name: name.trim(),
        kind,
        scope: kind === "w" || kind === "r" ? scopeOf(draft) : null,
        expires_at: days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null,
        networks: networks
          .split(",")
          .map((one) => one.trim())
          .filter(Boolean),
      }),
    onSuccess: (key) => {
      client.invalidateQueries({ queryKey: KEYS });
      onMade(key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title={text.create} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <label className="lbl">
            {text.name}
            <input
              className="input"
              required
              maxLength={100}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <small>{text.nameHint}</small>
          </label>
          <fieldset className="forms">
            <legend className="lbl">{text.kind}</legend>
            {KINDS.map((item) => (
              <label key={item} className="choice">
                <input
                  type="radio"
                  name="kind"
                  checked={kind === item}
                  onChange={() => setKind(item)}
                />
                <span>{text.kinds[item]}</span>
                <small>{text.kindHints[item]}</small>
              </label>
            ))}
          </fieldset>
          <label className="lbl">
            {text.days}
            <input
              className="input"
              type="number"
              min={1}
              max={36500}
              placeholder={text.daysAny}
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          </label>
          <label className="lbl">
            {text.networks}
            <input
              className="input"
              autoComplete="off"
              placeholder={text.networksAny}
              value={networks}
              onChange={(event) => setNetworks(event.target.value)}
            />
            <small>{text.networksHint}</small>
          </label>
          {(kind === "w" || kind === "r") && (
            <ScopeFields draft={draft} onChange={setDraft} withTargets={kind === "r"} />
          )}
          {create.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {create.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={create.isPending || !name.trim()}>
            {text.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
