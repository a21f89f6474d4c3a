import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { APPROVALS, type ApprovalKind, setFourEyes } from "../api/approvals.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Switch } from "../controls/Switch.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.approvals;
const KINDS = Object.keys(text.eyesOf);

/** Which kinds of act wait for a second person. */
export function FourEyes({ fourEyes }: { fourEyes: Record<ApprovalKind, boolean> }) {
  const id = useId();
  const [asking, setAsking] = useState<string | null>(null);
  return (
    <section className="panel four-eyes" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{text.eyes}</h2>
        <span className="muted">{text.eyesHint}</span>
      </header>
      <div className="in">
        {KINDS.map((kind) => (
          <div className="row" key={kind}>
            <span className="label" id={`${id}-${kind}`}>
              {text.eyesOf[kind]}
            </span>
            <Switch
              on={fourEyes[kind as ApprovalKind] ?? false}
              labelledBy={`${id}-${kind}`}
              onChange={() => setAsking(kind)}
            />
          </div>
        ))}
      </div>
      {asking && (
        <ChangeDialog
          kind={asking}
          on={!fourEyes[asking as ApprovalKind]}
          onClose={() => setAsking(null)}
        />
      )}
    </section>
  );
}

function ChangeDialog({ kind, on, onClose }: { kind: string; on: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const change = useMutation({
    mutationFn: () => setFourEyes(kind, on, reason.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: APPROVALS });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) change.mutate();
  };
  const what = text.eyesOf[kind] ?? kind;
  return (
    <Dialog title={on ? text.eyesOn(what) : text.eyesOff(what)} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>{on ? text.eyesOnText : text.eyesOffText}</p>
          <label className="lbl">
            {text.yourReason}
            <textarea
              className="input"
              rows={2}
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {change.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {change.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="submit"
            className="btn main"
            disabled={change.isPending || reason.trim() === ""}
          >
            {text.change}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
