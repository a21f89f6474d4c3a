import { useState } from "react";
import { Dialog } from "../controls/Dialog.tsx";
import { isEmbedded } from "../embed/mode.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import {
  ALL_IDS,
  type ColumnState,
  FIRST_STATE,
  keepColumns,
  LEAST_PX,
  MOST_PX,
  moved,
  pinned,
  toggled,
  widened,
  writeColumns,
} from "./columnState.ts";
import type { ColumnId } from "./columns.tsx";
import { type Density, type Times, useDensity, useTimes } from "./look.ts";

interface ColumnsDialogProps {
  state: ColumnState;
  /** Puts the columns into the address, too. */
  onCols: (cols: string | null) => void;
  onClose: () => void;
}

/** Which columns, in which order, how wide, which stay; density and times beside them. */
export default function ColumnsDialog({ state, onCols, onClose }: ColumnsDialogProps) {
  const text = messages.list.chooser;
  const [density, setDensity] = useDensity();
  const [times, setTimes] = useTimes();
  const keep = (next: ColumnState) => {
    keepColumns(next);
    onCols(writeColumns(next.shown));
  };
  const rest = ALL_IDS.filter((id) => !state.shown.includes(id));
  return (
    <Dialog title={text.title} onClose={onClose}>
      <div className="in chooser">
        <p className="muted">{isEmbedded ? text.leadInFrame : text.lead}</p>
        <ul>
          {[...state.shown, ...rest].map((id) => (
            <ColumnLine key={id} id={id} state={state} keep={keep} />
          ))}
        </ul>
        <div className="looks">
          <Choice<Density>
            label={`${messages.list.density.compact}, ${messages.list.density.cosy}`}
            names={messages.list.density}
            value={density}
            onChoose={setDensity}
          />
          <Choice<Times>
            label={`${messages.list.times.absolute}, ${messages.list.times.relative}`}
            names={messages.list.times}
            value={times}
            onChoose={setTimes}
          />
        </div>
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={() => keep(FIRST_STATE)}>
          {text.reset}
        </button>
        <button type="button" className="btn main" onClick={onClose}>
          {text.done}
        </button>
      </div>
    </Dialog>
  );
}

interface ColumnLineProps {
  id: ColumnId;
  state: ColumnState;
  keep: (next: ColumnState) => void;
}

function ColumnLine({ id, state, keep }: ColumnLineProps) {
  const text = messages.list.chooser;
  const name = messages.list.columns[id];
  const isShown = state.shown.includes(id);
  const isPinned = state.pinned.includes(id);
  const isOnly = isShown && state.shown.length === 1;
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={isShown}
          disabled={isOnly}
          title={isOnly ? text.least : undefined}
          aria-label={text.show(name)}
          onChange={() => keep(toggled(state, id))}
        />
        <span className="cut">{name}</span>
      </label>
      {isShown && (
        <>
          <WidthField
            label={text.width(name)}
            px={state.widths[id] ?? null}
            onChange={(px) => keep(widened(state, id, px))}
          />
          <button
            type="button"
            className="btn icon quiet"
            aria-label={text.pin(name)}
            title={text.pin(name)}
            aria-pressed={isPinned}
            onClick={() => keep(pinned(state, id))}
          >
            <Icon name="pin" />
          </button>
          <button
            type="button"
            className="btn icon quiet"
            aria-label={text.up(name)}
            title={text.up(name)}
            disabled={moved(state, id, -1) === state}
            onClick={() => keep(moved(state, id, -1))}
          >
            <Icon name="up" />
          </button>
          <button
            type="button"
            className="btn icon quiet"
            aria-label={text.down(name)}
            title={text.down(name)}
            disabled={moved(state, id, 1) === state}
            onClick={() => keep(moved(state, id, 1))}
          >
            <Icon name="dn" />
          </button>
        </>
      )}
    </li>
  );
}

interface WidthFieldProps {
  label: string;
  px: number | null;
  onChange: (px: number | null) => void;
}

/** Takes a width as soon as it is one; what is half typed stays in the field alone. */
function WidthField({ label, px, onChange }: WidthFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      className="input px"
      type="number"
      min={LEAST_PX}
      max={MOST_PX}
      step={10}
      aria-label={label}
      placeholder={messages.list.chooser.auto}
      value={typed ?? px ?? ""}
      onChange={(event) => {
        setTyped(event.target.value);
        const next = event.target.valueAsNumber;
        if (event.target.value === "") onChange(null);
        else if (next >= LEAST_PX && next <= MOST_PX) onChange(next);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  names: Record<T, string>;
  value: T;
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, names, value, onChoose }: ChoiceProps<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a bar
    <div className="seg" role="group" aria-label={label}>
      {(Object.keys(names) as T[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={value === name}
          onClick={() => onChoose(name)}
        >
          {names[name]}
        </button>
      ))}
    </div>
  );
}
