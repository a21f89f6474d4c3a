import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { APPROVALS, fetchApprovals } from "../api/approvals.ts";
import { HOLDS, type Hold, releaseHold } from "../api/holds.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { messages } from "../text/messages.ts";

const text = messages.holds;

/** Says what a release comes to; the hold's name has to be typed. */
export function ReleaseDialog({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const approvals = useQuery({
    queryKey: APPROVALS,
    queryFn: ({ signal }) => fetchApprovals(signal),
  });
  const byTwo = approvals.data?.four_eyes.hold_release ?? false;
  const release = async (reason: string) => {
    await releaseHold(hold.id, reason);
    await Promise.all([HOLDS, APPROVALS].map((queryKey) => client.invalidateQueries({ queryKey })));
  };
  return (
    <ReasonDialog
      title={text.releaseTitle(hold.name)}
      reasonLabel={text.reason}
      cancel={text.cancel}
      confirm={byTwo ? text.releaseAsk : text.releaseNow}
      isDangerous
      isReady={typed.trim() === hold.name.trim()}
      act={release}
      onClose={onClose}
      more={
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
      }
    >
      <p className="warnbox">{text.releaseEffect(hold.events)}</p>
    </ReasonDialog>
  );
}
