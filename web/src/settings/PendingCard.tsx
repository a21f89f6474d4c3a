import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  type PendingPolicy,
  RETENTION,
  type Retention,
  withdrawPending,
} from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { ChangeList } from "./ChangeList.tsx";
import { dayText } from "./periods.ts";

const text = messages.retention.pending;

interface PendingCardProps {
  retention: Retention;
  pending: PendingPolicy;
  settings: Settings;
  isAdmin: boolean;
}

/** What was saved and does not hold yet, and the way to take it back. */
export function PendingCard({ retention, pending, settings, isAdmin }: PendingCardProps) {
  const [isAsking, setAsking] = useState(false);
  const { zone, date_format: format } = settings;
  const by = pending.saved_by ?? messages.retention.conflict.somebody;
  const at = pending.saved_at ? momentText(Date.parse(pending.saved_at), zone, format) : "";
  return (
    <section className="panel" aria-label={text.title}>
      <header>
        <h2>{text.title}</h2>
        <span className="st denied end">
          <Icon name="wait" />
          {dayText(pending.effective_day, format)}
        </span>
      </header>
      <div className="in">
        <ChangeList changes={pending.changes} />
        <ol className="steps">
          <li className="done">
            <Icon name="ok" />
            <span>
              <b>
                <OneLine text={text.savedBy(by)} />
              </b>
              {[at, pending.reason ? text.reasonIs(pending.reason) : ""].filter(Boolean).join(", ")}
            </span>
          </li>
          <li className="now">
            <Icon name="wait" />
            <span>
              <b>{text.from(dayText(pending.effective_day, format))}</b>
              {text.until}
            </span>
          </li>
        </ol>
      </div>
      {isAdmin && (
        <div className="actions">
          <button type="button" className="btn" onClick={() => setAsking(true)}>
            {text.withdraw}
          </button>
        </div>
      )}
      {isAsking && <WithdrawDialog version={retention.version} onClose={() => setAsking(false)} />}
    </section>
  );
}

function WithdrawDialog({ version, onClose }: { version: number; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const withdraw = useMutation({
    mutationFn: () => withdrawPending(version, reason.trim()),
    onSuccess: (next) => {
      client.setQueryData(RETENTION, next);
      onClose();
    },
    onError: () => client.invalidateQueries({ queryKey: RETENTION, exact: true }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) withdraw.mutate();
  };
  return (
    <Dialog title={text.withdrawTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>{text.withdrawText}</p>
          <label className="lbl">
            {messages.retention.preview.reason}
            <textarea
              className="input"
              rows={2}
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {withdraw.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {withdraw.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.keep}
          </button>
          <button
            type="submit"
            className="btn main"
            disabled={withdraw.isPending || reason.trim() === ""}
          >
            {text.withdraw}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
