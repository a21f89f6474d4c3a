import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { KEYS, type NewKey, rotateKey } from "../api/keys.ts";
import type { ApiKey } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";

const text = messages.keys;
const HOURS = [0, 1, 24, 168] as const;

interface RotateDialogProps {
  target: ApiKey;
  onMade: (key: NewKey) => void;
  onClose: () => void;
}

/** A new secret for a key, and for how long the one before is still taken. */
export function RotateDialog({ target, onMade, onClose }: RotateDialogProps) {
  const client = useQueryClient();
  const [hours, setHours] = useState<number>(24);
  const rotate = useMutation({
    mutationFn: () => rotateKey(target.id, hours),
    onSuccess: (key) => {
      client.invalidateQueries({ queryKey: KEYS });
      onMade(key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rotate.mutate();
  };
  return (
    <Dialog title={text.rotateTitle(visible(target.name))} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>{text.rotateText}</p>
          <fieldset className="forms">
            <legend className="lbl">{text.overlap}</legend>
            {HOURS.map((item) => (
              <label key={item} className="choice">
                <input
                  type="radio"
                  name="hours"
                  checked={hours === item}
                  onChange={() => setHours(item)}
                />
                <span>{text.overlaps[item]}</span>
              </label>
            ))}
          </fieldset>
          {rotate.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {rotate.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={rotate.isPending}>
            {text.rotate}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
