import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { APPROVALS, type Approval, withdrawApproval } from "../api/approvals.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { ChangeList } from "../settings/ChangeList.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { changesOf, numbersOf } from "./amounts.ts";
import { DecisionDialog } from "./DecisionDialog.tsx";
import { titleOf } from "./titles.ts";

const text = messages.approvals;

interface ApprovalCardProps {
  approval: Approval;
  when: (at: string) => string;
}

/** One request: what, who, when, in numbers, and what can be done about it. */
export function ApprovalCard({ approval, when }: ApprovalCardProps) {
  const client = useQueryClient();
  const [deciding, setDeciding] = useState<"approve" | "refuse" | null>(null);
  const withdraw = useMutation({
    mutationFn: () => withdrawApproval(approval.id),
    onSettled: () => client.invalidateQueries({ queryKey: APPROVALS }),
  });
  const waits = approval.state === "waiting";
  const changes = changesOf(approval);
  const id = `approval-${approval.id}`;
  return (
    <article className="panel" aria-labelledby={id}>
      <header>
        <h3 id={id}>
          <OneLine text={titleOf(approval)} />
        </h3>
        <span className="tag">{text.kinds[approval.kind] ?? approval.kind}</span>
        <span className={`st ${STATE_CLASS[approval.state] ?? "none"}`}>
          <Icon name={waits ? "wait" : approval.state === "approved" ? "ok" : "none"} />
          {text.states[approval.state] ?? approval.state}
        </span>
      </header>
      <div className="in">
        <p className="muted">
          <Shown text={text.asked(approval.asked_by.name, when(approval.asked_at))} />
          {waits && `, ${text.until(when(approval.expires_at))}`}
        </p>
        <dl className="pairs wrap approval-pairs">
          <dt>{text.reason}</dt>
          <dd>
            <Shown text={approval.reason} />
          </dd>
          {numbersOf(approval, when).map(([name, value]) => (
            <div className="pair" key={name}>
              <dt>{nameOf(approval, name)}</dt>
              <dd>{typeof value === "number" ? countText(value) : value}</dd>
            </div>
          ))}
          {approval.decided_by && approval.decided_at && (
            <div className="pair">
              <dt>{text.decision}</dt>
              <dd>
                <Shown
                  text={`${text.decidedBy(approval.decided_by.name, when(approval.decided_at))}: ${approval.decision ?? ""}`}
                />
              </dd>
            </div>
          )}
        </dl>
        {changes.length > 0 && <ChangeList changes={changes} />}
        {waits && approval.deciders === 0 && (
          <p className="warnbox">
            {text.alone} <Link to="users">{text.toUsers}</Link>
          </p>
        )}
        {withdraw.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {withdraw.error.message}
          </p>
        )}
      </div>
      {waits && (
        <div className="actions">
          <button
            type="button"
            className="btn main"
            disabled={!approval.may_decide}
            aria-describedby={approval.mine ? `${id}-own` : undefined}
            onClick={() => setDeciding("approve")}
          >
            {text.approve}
          </button>
          <button
            type="button"
            className="btn"
            disabled={!approval.may_decide}
            aria-describedby={approval.mine ? `${id}-own` : undefined}
            onClick={() => setDeciding("refuse")}
          >
            {text.refuse}
          </button>
          {approval.mine && (
            <>
              <button
                type="button"
                className="btn quiet"
                disabled={withdraw.isPending}
                onClick={() => withdraw.mutate()}
              >
                {text.withdraw}
              </button>
              <span className="muted" id={`${id}-own`}>
                {text.own}
              </span>
            </>
          )}
        </div>
      )}
      {deciding && (
        <DecisionDialog approval={approval} decision={deciding} onClose={() => setDeciding(null)} />
      )}
    </article>
  );
}

const nameOf = ({ kind }: Approval, name: string) =>
  kind === "tenant_deletion" && name === "events"
    ? messages.tenants.events
    : (text.numbers[name] ?? name);

const STATE_CLASS: Record<string, string> = { waiting: "denied", approved: "ok", refused: "fail" };
