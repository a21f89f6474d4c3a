import { type FormEvent, useState } from "react";
import { address } from "../api/client.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { type Scope, shownName } from "./scope.ts";

const text = messages.exporting;

const FORMS = [
  {
    id: "csv-safe",
    name: text.csvSafe,
    hint: text.csvSafeHint,
    ask: { format: "csv", csv: "safe" },
  },
  { id: "csv-raw", name: text.csvRaw, hint: text.csvRawHint, ask: { format: "csv", csv: "raw" } },
  { id: "jsonl", name: text.jsonl, hint: text.jsonlHint, ask: { format: "jsonl" } },
] as const;

interface ExportDialogProps {
  scope: Scope;
  count: number | null;
  onClose: () => void;
}

/** Says exactly what will be in the file, then lets the browser save it as it streams. */
export default function ExportDialog({ scope, count, onClose }: ExportDialogProps) {
  const [chosen, setChosen] = useState<string>(FORMS[0].id);
  const form = FORMS.find((item) => item.id === chosen) ?? FORMS[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const link = document.createElement("a");
    link.href = address("v1/export", { ...scope.filters, ...form.ask });
    link.download = "";
    link.click();
    onClose();
  };
  return (
    <Dialog title={text.title} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>
            <b>{count === null ? text.counting : text.scope(count)}</b>
          </p>
          <dl className="pairs wrap">
            <dt>{text.tab}</dt>
            <dd>{messages.logs.streams[scope.view.stream]}</dd>
            <dt>{text.time}</dt>
            <dd>{shownName(scope)}</dd>
            <dt>{text.search}</dt>
            <dd>{scope.view.q ? <code>{visible(scope.view.q)}</code> : text.noSearch}</dd>
            <dt>{text.columns}</dt>
            <dd>{text.columnsText}</dd>
            <dt>{text.zone}</dt>
            <dd>
              {messages.times.formats[scope.settings.date_format]}, {scope.zone}
            </dd>
          </dl>
          <fieldset className="forms">
            <legend className="vh">{text.format}</legend>
            {FORMS.map((item) => (
              <label key={item.id} className="choice">
                <input
                  type="radio"
                  name="form"
                  value={item.id}
                  checked={item.id === chosen}
                  onChange={() => setChosen(item.id)}
                />
                <span>{item.name}</span>
                <small>{item.hint}</small>
              </label>
            ))}
          </fieldset>
          <p className="muted">{text.recorded}</p>
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {messages.keys.cancel}
          </button>
          <button type="submit" className="btn main">
            <Icon name="export" />
            {text.start}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
