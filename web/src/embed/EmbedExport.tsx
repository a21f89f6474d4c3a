import { type FormEvent, useState } from "react";
import { ApiProblem, file } from "../api/client.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Scope } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";

const text = messages.embed;
const FORMS = [
  { id: "csv", name: text.exportCsv, hint: text.exportCsvHint },
  { id: "jsonl", name: text.exportLines, hint: text.exportLinesHint },
] as const;

interface EmbedExportProps {
  scope: Scope;
  count: number | null;
  onClose: () => void;
}

/** What the period and search show, as a file. A link carries no token, so it is fetched here. */
export default function EmbedExport({ scope, count, onClose }: EmbedExportProps) {
  const [format, setFormat] = useState<string>("csv");
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWorking(true);
    setProblem(null);
    try {
      const [name, blob] = await file("v1/export", { ...scope.filters, format });
      save(name, blob);
      onClose();
    } catch (cause) {
      setProblem(cause instanceof ApiProblem ? cause.detail : messages.states.noAnswer);
      setWorking(false);
    }
  };
  return (
    <Dialog title={text.exportTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>
            <b>{count === null ? text.exportCounting : text.exportScope(count)}</b>
          </p>
          <fieldset className="forms">
            <legend className="vh">{text.exportForm}</legend>
            {FORMS.map((item) => (
              <label key={item.id} className="choice">
                <input
                  type="radio"
                  name="form"
                  value={item.id}
                  checked={item.id === format}
                  onChange={() => setFormat(item.id)}
                />
                <span>{item.name}</span>
                <small>{item.hint}</small>
              </label>
            ))}
          </fieldset>
          <p className="muted">{text.exportRecorded}</p>
          {problem !== null && <p role="alert">{problem}</p>}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={isWorking}>
            <Icon name="export" />
            {isWorking ? text.exportWorking : text.exportStart}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
