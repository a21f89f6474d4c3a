import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { APPROVALS, fetchApprovals } from "../api/approvals.ts";
import { HOLDS, type Hold, releaseHold } from "../api/holds.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.holds;

/** Says what a release comes to; the hold's name has to be typed. */
export function ReleaseDialog({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const approvals = useQuery({
    queryKey: APPROVALS,
    queryFn: ({ signal }) => fetchApprovals(signal),
  });
  const byTwo = approvals.data?.four_eyes.hold_release ?? false;
  const release = useMutation({
    mutationFn: () => releaseHold(hold.id, reason.trim()),
    onSuccess: async () => {
      await Promise.all(
        [HOLDS, APPROVALS].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
      onClose();
    },
  });
  const isReady = reason.trim() !== "" && typed.trim() === hold.name.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) release.mutate();
  };
  return (
    <Dialog title={text.releaseTitle(hold.name)} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p className="warnbox">{text.releaseEffect(hold.events)}</p>
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
          <label className="lbl">
            {text.releaseTyped(hold.name)}
            <input
              className="input"
              value={typed}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          {release.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {release.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn danger" disabled={release.isPending || !isReady}>
            {byTwo ? text.releaseAsk : text.releaseNow}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
