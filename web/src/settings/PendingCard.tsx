import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type PendingPolicy,
  RETENTION,
  type Retention,
  withdrawPending,
} from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
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
  const withdraw = async (reason: string) => {
    try {
      client.setQueryData(RETENTION, await withdrawPending(version, reason));
    } catch (problem) {
      // Somebody else may have changed it meanwhile: what is shown behind follows.
      client.invalidateQueries({ queryKey: RETENTION, exact: true });
      throw problem;
    }
  };
  return (
    <ReasonDialog
      title={text.withdrawTitle}
      reasonLabel={messages.retention.preview.reason}
      cancel={text.keep}
      confirm={text.withdraw}
      act={withdraw}
      onClose={onClose}
    >
      <p>{text.withdrawText}</p>
    </ReasonDialog>
  );
}
