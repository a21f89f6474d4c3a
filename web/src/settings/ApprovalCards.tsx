import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  APPROVALS,
  type Approval,
  decideApproval,
  fetchApprovals,
  withdrawApproval,
} from "../api/approvals.ts";
import { type PolicyChange, RETENTION } from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { ChangeList } from "./ChangeList.tsx";
import { dayText } from "./periods.ts";

const text = messages.retention.approval;

interface CardsProps {
  settings: Settings;
  isAdmin: boolean;
}

/** Reductions that wait for a second administrator. */
export function ApprovalCards({ settings, isAdmin }: CardsProps) {
  const { data } = useQuery({
    queryKey: APPROVALS,
    queryFn: ({ signal }) => fetchApprovals(signal),
    staleTime: 0,
    enabled: isAdmin,
  });
  const waiting = (data?.approvals ?? []).filter(
    (one) => one.kind === "retention_cut" && one.state === "waiting",
  );
  return waiting.map((one) => <ApprovalCard key={one.id} approval={one} settings={settings} />);
}

const changesOf = ({ numbers }: Approval): PolicyChange[] =>
  Array.isArray(numbers.changes) ? (numbers.changes as PolicyChange[]) : [];

function ApprovalCard({ approval, settings }: { approval: Approval; settings: Settings }) {
  const client = useQueryClient();
  const [deciding, setDeciding] = useState<"approve" | "refuse" | null>(null);
  const withdraw = useMutation({
    mutationFn: () => withdrawApproval(approval.id),
    onSettled: () => client.invalidateQueries({ queryKey: APPROVALS }),
  });
  const { zone, date_format: format } = settings;
  const changes = changesOf(approval);
  const day = changes[0]?.effective_day;
  return (
    <section className="panel" aria-label={text.title}>
      <header>
        <h2>{text.title}</h2>
        <span className="st denied end">
          <Icon name="wait" />
          {text.steps}
        </span>
      </header>
      <div className="in">
        <ChangeList changes={changes} />
        <ol className="steps">
          <li className="done">
            <Icon name="ok" />
            <span>
              <b>
                <OneLine text={text.requested(approval.asked_by.name)} />
              </b>
              {momentText(Date.parse(approval.asked_at), zone, format)},{" "}
              <Shown text={messages.retention.pending.reasonIs(approval.reason)} />
            </span>
          </li>
          <li className="now">
            <Icon name="wait" />
            <span>
              <b>{text.waits}</b>
              {approval.deciders === 0 ? text.nobody : approval.mine ? text.yours : text.otherAdmin}
            </span>
          </li>
          {day && (
            <li>
              <Icon name="none" />
              <span>
                <b>{text.effective(dayText(day, format))}</b>
                {text.effectiveText}
              </span>
            </li>
          )}
        </ol>
        {withdraw.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {withdraw.error.message}
          </p>
        )}
      </div>
      <div className="actions">
        <button
          type="button"
          className="btn main"
          disabled={!approval.may_decide}
          onClick={() => setDeciding("approve")}
        >
          {text.approve}
        </button>
        {approval.may_decide && (
          <button type="button" className="btn" onClick={() => setDeciding("refuse")}>
            {text.refuse}
          </button>
        )}
        {approval.mine && (
          <button
            type="button"
            className="btn quiet"
            disabled={withdraw.isPending}
            onClick={() => withdraw.mutate()}
          >
            {text.withdraw}
          </button>
        )}
      </div>
      {deciding && (
        <DecisionDialog approval={approval} decision={deciding} onClose={() => setDeciding(null)} />
      )}
    </section>
  );
}

interface DecisionDialogProps {
  approval: Approval;
  decision: "approve" | "refuse";
  onClose: () => void;
}

function DecisionDialog({ approval, decision, onClose }: DecisionDialogProps) {
  const client = useQueryClient();
  const isApproval = decision === "approve";
  const decide = async (reason: string) => {
    await decideApproval(approval.id, decision, reason);
    await Promise.all(
      [APPROVALS, RETENTION].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
  };
  return (
    <ReasonDialog
      title={isApproval ? text.approveTitle : text.refuseTitle}
      reasonLabel={messages.retention.preview.reason}
      cancel={messages.retention.editor.cancel}
      confirm={isApproval ? text.approve : text.refuse}
      act={decide}
      onClose={onClose}
    >
      <ChangeList changes={changesOf(approval)} />
    </ReasonDialog>
  );
}
