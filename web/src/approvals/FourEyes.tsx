import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { APPROVALS, type ApprovalKind, setFourEyes } from "../api/approvals.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { Switch } from "../controls/Switch.tsx";
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
  const what = text.eyesOf[kind] ?? kind;
  const change = async (reason: string) => {
    await setFourEyes(kind, on, reason);
    await client.invalidateQueries({ queryKey: APPROVALS });
  };
  return (
    <ReasonDialog
      title={on ? text.eyesOn(what) : text.eyesOff(what)}
      reasonLabel={text.yourReason}
      cancel={text.cancel}
      confirm={text.change}
      act={change}
      onClose={onClose}
    >
      <p>{on ? text.eyesOnText : text.eyesOffText}</p>
    </ReasonDialog>
  );
}
