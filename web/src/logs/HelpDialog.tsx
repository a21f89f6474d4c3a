import { useId } from "react";
import { Dialog } from "../controls/Dialog.tsx";
import { Switch } from "../controls/Switch.tsx";
import { messages } from "../text/messages.ts";

interface HelpDialogProps {
  singleKeys: boolean;
  onSingleKeys: (on: boolean) => void;
  onClose: () => void;
}

export default function HelpDialog({ singleKeys, onSingleKeys, onClose }: HelpDialogProps) {
  const id = useId();
  const text = messages.help;
  return (
    <Dialog title={text.title} onClose={onClose}>
      <div className="in">
        <dl className="shortcuts">
          {text.items.map(([keys, what]) => (
            <div key={keys} className="pair">
              <dt>
                {keys
                  .split(" ")
                  .map((key) =>
                    key === "or" ? <span key={key}> or </span> : <kbd key={key}>{key}</kbd>,
                  )}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p className="muted">{text.query}</p>
        <div className="row">
          <span className="label">
            <span id={id}>{text.single}</span>
            <small>{text.singleHint}</small>
          </span>
          <Switch on={singleKeys} labelledBy={id} onChange={onSingleKeys} />
        </div>
      </div>
    </Dialog>
  );
}
