import { useQueryClient } from "@tanstack/react-query";
import { APPROVALS, type Approval, decideApproval } from "../api/approvals.ts";
import { ERASURES } from "../api/erasures.ts";
import { HOLDS } from "../api/holds.ts";
import { RETENTION } from "../api/retention.ts";
import { TENANTS } from "../api/tenants.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { partsOf } from "./amounts.ts";
import { titleOf } from "./titles.ts";

const text = messages.approvals;
const DANGEROUS = new Set<string>(["erasure", "clock", "tenant_deletion"]);

interface DecisionDialogProps {
  approval: Approval;
  decision: "approve" | "refuse";
  onClose: () => void;
}

/** Says what a decision comes to, and asks why. */
export function DecisionDialog({ approval, decision, onClose }: DecisionDialogProps) {
  const client = useQueryClient();
  const decide = async (reason: string) => {
    await decideApproval(approval.id, decision, reason);
    const touched = [APPROVALS, ERASURES, HOLDS, RETENTION, TENANTS];
    await Promise.all(touched.map((queryKey) => client.invalidateQueries({ queryKey })));
  };
  const approves = decision === "approve";
  const effect =
    approval.kind === "erasure"
      ? text.approveEffect.erasure(partsOf(approval))
      : approval.kind === "clock"
        ? text.approveEffect.clock
        : approval.kind === "tenant_deletion"
          ? text.approveEffect.tenant(Number(approval.numbers.after_days))
          : text.approveEffect.other;
  return (
    <ReasonDialog
      title={approves ? text.approveTitle : text.refuseTitle}
      reasonLabel={text.yourReason}
      cancel={text.cancel}
      confirm={approves ? text.confirm : text.confirmRefuse}
      isDangerous={approves && DANGEROUS.has(approval.kind)}
      act={decide}
      onClose={onClose}
    >
      <p>
        <b>
          <OneLine text={titleOf(approval)} />
        </b>
      </p>
      <p className={approves ? "warnbox" : "muted"}>{approves ? effect : text.refuseEffect}</p>
    </ReasonDialog>
  );
}
