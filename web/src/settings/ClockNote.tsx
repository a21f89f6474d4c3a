import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { APPROVALS } from "../api/approvals.ts";
import { type ClockDoubt, confirmClock, RETENTION } from "../api/retention.ts";
import { Link } from "../app/Link.tsx";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";

const text = messages.retention.clock;

/** What is wrong with the clock, and that nothing expires meanwhile. */
export const doubtText = ({ doubt, seconds }: Pick<ClockDoubt, "doubt" | "seconds">): string => {
  const span = text.span(Math.abs(seconds));
  if (doubt === "jump") return seconds < 0 ? text.back(span) : text.ahead(span);
  return doubt === "behind" ? text.behind(span) : text.pause(span);
};

/** The doubt, and how two administrators say that the clock is right. */
export function ClockNote({ clock, isAdmin }: { clock: ClockDoubt; isAdmin: boolean }) {
  const [asking, setAsking] = useState(false);
  const { approval } = clock;
  return (
    <div className="clock-note">
      <p className="wrong">
        <Icon name="denied" />
        {doubtText(clock)} {text.held}
      </p>
      {approval ? (
        <p>
          <Shown text={text.waiting(approval.asked_by.name)} />{" "}
          {approval.deciders === 0 ? (
            <>
              {text.alone} <Link to="users">{messages.approvals.toUsers}</Link>
            </>
          ) : (
            <Link to="approvals">{text.toApprovals}</Link>
          )}
        </p>
      ) : (
        isAdmin && (
          <button type="button" className="btn" onClick={() => setAsking(true)}>
            {text.confirm}
          </button>
        )
      )}
      {asking && <ConfirmDialog onClose={() => setAsking(false)} />}
    </div>
  );
}

function ConfirmDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const ask = async (reason: string) => {
    await confirmClock(reason);
    const touched = [RETENTION, APPROVALS];
    await Promise.all(touched.map((queryKey) => client.invalidateQueries({ queryKey })));
  };
  return (
    <ReasonDialog
      title={text.title}
      reasonLabel={messages.approvals.yourReason}
      cancel={messages.approvals.cancel}
      confirm={text.ask}
      act={ask}
      onClose={onClose}
    >
      <p>{text.check}</p>
    </ReasonDialog>
  );
}
