import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Icon } from "../icons/Icon.tsx";
import { Dialog } from "./Dialog.tsx";

interface ReasonDialogProps {
  title: string;
  /** What the act comes to. */
  children: ReactNode;
  /** What else has to be given, below the reason; `isReady` says whether it was. */
  more?: ReactNode;
  isReady?: boolean;
  reasonLabel: string;
  cancel: string;
  confirm: string;
  isDangerous?: boolean;
  /** Does it; the dialog closes when it is done, and says why when it is not. */
  act: (reason: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks why, before an act that the log keeps with its reason. */
export function ReasonDialog(props: ReasonDialogProps) {
  const { title, act, onClose } = props;
  const [reason, setReason] = useState("");
  const acting = useMutation({ mutationFn: () => act(reason.trim()), onSuccess: onClose });
  const isReady = reason.trim() !== "" && (props.isReady ?? true);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) acting.mutate();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          {props.children}
          <label className="lbl">
            {props.reasonLabel}
            <textarea
              className="input"
              rows={2}
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {props.more}
          {acting.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {acting.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {props.cancel}
          </button>
          <button
            type="submit"
            className={props.isDangerous ? "btn danger" : "btn main"}
            disabled={acting.isPending || !isReady}
          >
            {props.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
