import type { ExportLimits } from "../api/exports.ts";
import { messages } from "../text/messages.ts";
import {
  COLUMN_SETS,
  type ColumnSet,
  EXCEL_SEPARATOR,
  FORMS,
  type Form,
  type FormId,
  PACKINGS,
  type Packing,
} from "./formats.ts";

const text = messages.exporting;

/** What the person has chosen for the file. */
export interface Wanted {
  form: Form;
  columns: ColumnSet;
  packing: Packing;
}

interface ChoiceProps {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

const hintOf = (id: FormId): string =>
  id === "csvExcel" ? text.hints.csvExcel(EXCEL_SEPARATOR) : text.hints[id];

/** The formats that this service makes, one of which is chosen. */
export function Formats({
  wanted,
  limits,
  onChange,
}: ChoiceProps & { limits: ExportLimits | null }) {
  const offered = FORMS.filter((form) => limits?.formats.includes(form.format) ?? true);
  return (
    <fieldset className="forms export-forms">
      <legend className="vh">{text.format}</legend>
      {offered.map((form) => (
        <label key={form.id} className="choice">
          <input
            type="radio"
            name="form"
            value={form.id}
            checked={form.id === wanted.form.id}
            onChange={() => onChange({ ...wanted, form })}
          />
          <span>{text.names[form.id]}</span>
          <small>{hintOf(form.id)}</small>
        </label>
      ))}
    </fieldset>
  );
}

/** Which columns a table has; the other forms hold everything. */
export function Columns({ wanted, shown, onChange }: ChoiceProps & { shown: number }) {
  if (!wanted.form.isTable) return <>{text.columnsAll}</>;
  const hint = text.columnHints[wanted.columns];
  return (
    <>
      <fieldset className="seg bare" aria-labelledby="export-columns">
        {COLUMN_SETS.map((set) => (
          <button
            key={set}
            type="button"
            aria-pressed={wanted.columns === set}
            onClick={() => onChange({ ...wanted, columns: set })}
          >
            {text.columnSets[set]}
          </button>
        ))}
      </fieldset>
      <small className="export-hint">{typeof hint === "string" ? hint : hint(shown)}</small>
    </>
  );
}

/** How the lines are packed. */
export function Packings({ wanted, onChange }: ChoiceProps) {
  return (
    <div className="export-packing">
      <span id="export-packing">{text.packing}</span>
      <fieldset className="seg bare" aria-labelledby="export-packing">
        {PACKINGS.map((packing) => (
          <button
            key={packing}
            type="button"
            aria-pressed={wanted.packing === packing}
            onClick={() => onChange({ ...wanted, packing })}
          >
            {text.packings[packing]}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
