import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createKey, KEYS, type NewKey } from "../api/keys.ts";
import type { KeyKind } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.keys;
const KINDS: readonly KeyKind[] = ["w", "r", "a"];

interface CreateKeyDialogProps {
  onMade: (key: NewKey) => void;
  onClose: () => void;
}

export function CreateKeyDialog({ onMade, onClose }: CreateKeyDialogProps) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<KeyKind>("w");
  const create = useMutation({
    mutationFn: () => createKey(name.trim(), kind),
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
