import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { APPROVALS, type Approval, decideApproval } from "../api/approvals.ts";
import { ERASURES } from "../api/erasures.ts";
import { HOLDS } from "../api/holds.ts";
import { RETENTION } from "../api/retention.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { partsOf } from "./amounts.ts";

const text = messages.approvals;

interface DecisionDialogProps {
  approval: Approval;
  decision: "approve" | "refuse";
  onClose: () => void;
}

/** Says what a decision comes to, and asks why. */
export function DecisionDialog({ approval, decision, onClose }: DecisionDialogProps) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const decide = useMutation({
    mutationFn: () => decideApproval(approval.id, decision, reason.trim()),
    onSuccess: async () => {
      const touched = [APPROVALS, ERASURES, HOLDS, RETENTION];
      await Promise.all(touched.map((queryKey) => client.invalidateQueries({ queryKey })));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) decide.mutate();
  };
  const approves = decision === "approve";
  const effect =
    approval.kind === "erasure"
      ? text.approveEffect.erasure(partsOf(approval))
      : text.approveEffect.other;
  return (
    <Dialog title={approves ? text.approveTitle : text.refuseTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>
            <b>
              <OneLine text={approval.title} />
            </b>
          </p>
          <p className={approves ? "warnbox" : "muted"}>{approves ? effect : text.refuseEffect}</p>
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
          {decide.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {decide.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="submit"
            className={approves && approval.kind === "erasure" ? "btn danger" : "btn main"}
            disabled={decide.isPending || reason.trim() === ""}
          >
            {approves ? text.confirm : text.confirmRefuse}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
