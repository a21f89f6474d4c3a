import { type FormEvent, useState } from "react";
import { type Category, type FloorEdit, KEEP_PARTS, type KeepPart } from "../api/retention.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { messages } from "../text/messages.ts";
import { DaysField } from "./DaysField.tsx";
import { leastDays } from "./draft.ts";
import { labelOf } from "./names.ts";

const text = messages.retention.floorDialog;

interface FloorDialogProps {
  category: Category;
  /** The service's day today; a floor ends later than that. */
  today: string;
  onTake: (floor: FloorEdit) => void;
  onClose: () => void;
}

/** A floor to be set: it goes into the preview first, like every other change. */
export function FloorDialog({ category, today, onTake, onClose }: FloorDialogProps) {
  const [parts, setParts] = useState<readonly KeepPart[]>(["fact"]);
  const [days, setDays] = useState<number>(365);
  const [until, setUntil] = useState("");
  const least = Math.max(1, ...parts.map((part) => leastDays(category, part)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTake({
      category: category.name,
      parts: KEEP_PARTS.filter((part) => parts.includes(part)),
      min_days: Math.max(days, least),
      until_day: until || null,
    });
  };
  return (
    <Dialog title={text.title(labelOf(category))} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p className="muted">{text.text}</p>
          <fieldset className="bare part-choice">
            <legend className="lbl">{text.parts}</legend>
            {KEEP_PARTS.map((part) => (
              <label key={part}>
                <input
                  type="checkbox"
                  checked={parts.includes(part)}
                  onChange={(event) =>
                    setParts(
                      event.target.checked
                        ? [...parts, part]
                        : parts.filter((other) => other !== part),
                    )
                  }
                />
                {messages.retention.parts[part]}
              </label>
            ))}
          </fieldset>
          <div className="row">
            <span className="label">{text.least}</span>
            <DaysField
              days={Math.max(days, least)}
              least={least}
              label={text.least}
              onChange={(wished) => setDays(wished ?? 36_500)}
            />
          </div>
          <div className="row">
            <label htmlFor="floor-until">
              {text.until}
              <small>{text.untilHint}</small>
            </label>
            <input
              id="floor-until"
              className="input"
              type="date"
              min={today}
              value={until}
              onChange={(event) => setUntil(event.target.value)}
            />
          </div>
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {messages.retention.editor.cancel}
          </button>
          <button type="submit" className="btn main" disabled={parts.length === 0}>
            {text.take}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
