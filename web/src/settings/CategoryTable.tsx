import { useId } from "react";
import { type Category, type Fault, KEEP_PARTS, type KeepPart } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { Switch } from "../controls/Switch.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { DaysField } from "./DaysField.tsx";
import {
  type Draft,
  isEnabledChanged,
  isKeepChanged,
  leastDays,
  setKeep,
  wishedEnabled,
  wishedKeep,
  withEnabled,
  withKeep,
} from "./draft.ts";
import { FloorTags } from "./FloorTags.tsx";
import { descriptionOf, labelOf } from "./names.ts";
import { daysText, dayText } from "./periods.ts";

const text = messages.retention;

export interface CategoryTableProps {
  categories: readonly Category[];
  draft: Draft;
  faults: readonly Fault[];
  format: DateFormat;
  isAdmin: boolean;
  onDraft: (draft: Draft) => void;
  onOpen: (category: Category) => void;
  onFloor: (category: Category) => void;
}

/** Every category with its switch, the periods of its parts, floor and holds. */
export function CategoryTable(props: CategoryTableProps) {
  return (
    <table className="plain cats">
      <colgroup>
        <col />
        <col className="c-switch" />
        <col className="c-days" />
        <col className="c-days" />
        <col className="c-days" />
        <col className="c-floor" />
        <col className="c-hold" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{text.category}</th>
          <th scope="col">{text.recording}</th>
          {KEEP_PARTS.map((part) => (
            <th key={part} scope="col" title={text.partHints[part]}>
              {text.parts[part]}
            </th>
          ))}
          <th scope="col">{text.floor}</th>
          <th scope="col">{text.hold}</th>
        </tr>
      </thead>
      <tbody>
        {props.categories.map((category) => (
          <Row key={category.name} category={category} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function Row(props: CategoryTableProps & { category: Category }) {
  const { category, draft, faults, format, isAdmin, onDraft, onOpen, onFloor } = props;
  const id = useId();
  const label = labelOf(category);
  const isOn = wishedEnabled(draft, category);
  const ofHere = faults.filter((fault) => fault.category === category.name);
  const isWrong = (path: string) => ofHere.some((fault) => fault.path === path);
  const floors = draft.floors.filter((floor) => floor.category === category.name);
  return (
    <tr className={isOn ? undefined : "is-off"}>
      <td className="c-name">
        <button
          type="button"
          className="name"
          title={text.editor.open(label)}
          onClick={() => onOpen(category)}
        >
          <OneLine text={label} />
        </button>
        <bdi className="about cut" title={visible(descriptionOf(category))}>
          <Shown text={descriptionOf(category)} />
        </bdi>
      </td>
      <td data-label={text.recording} className="c-switch">
        <span className={isEnabledChanged(draft, category) ? "on-off changed" : "on-off"}>
          <span className="vh" id={id}>
            {text.record(label)}
          </span>
          <Switch
            on={isOn}
            labelledBy={id}
            disabled={!isAdmin || category.recording === "always"}
            onChange={(on) => onDraft(withEnabled(draft, category.name, on))}
          />
          <span className="word">
            {category.recording === "always" ? text.always : isOn ? text.on : text.off}
          </span>
        </span>
        <RecordingNote category={category} format={format} />
      </td>
      {KEEP_PARTS.map((part) => (
        <td key={part} data-label={text.parts[part]}>
          <DaysField
            days={wishedKeep(draft, category, part)}
            least={leastDays(category, part)}
            label={text.partOf(text.parts[part], label)}
            changed={isKeepChanged(draft, category, part)}
            wrong={isWrong(`${part}_days`)}
            disabled={!isAdmin}
            onChange={(days) => onDraft(withKeep(draft, category.name, part, days))}
          />
          <PartNote category={category} part={part} format={format} />
        </td>
      ))}
      <td data-label={text.floor} className="c-floor-cell">
        <FloorTags floors={[...category.floors, ...floors]} format={format} />
        {isAdmin && (
          <button
            type="button"
            className="btn icon quiet add-floor"
            aria-label={text.addFloor(label)}
            title={text.addFloor(label)}
            onClick={() => onFloor(category)}
          >
            <Icon name="plus" />
          </button>
        )}
      </td>
      <td data-label={text.hold}>
        {category.holds.length === 0 ? (
          <span className="muted">{text.none}</span>
        ) : (
          category.holds.map((hold) => (
            <span key={hold} className="tag hold">
              <Icon name="pin" />
              <OneLine text={hold} />
            </span>
          ))
        )}
      </td>
    </tr>
  );
}

/** What holds today where the newest policy already says otherwise. */
function PartNote({
  category,
  part,
  format,
}: {
  category: Category;
  part: KeepPart;
  format: DateFormat;
}) {
  const { pending } = category;
  if (!pending || setKeep(category)[part] === category.keep[part]) return null;
  const until = dayText(pending.effective_day, format);
  const whole = text.until(daysText(category.keep[part]), until);
  return <Note short={text.nowIs(daysText(category.keep[part]))} whole={whole} />;
}

function RecordingNote({ category, format }: { category: Category; format: DateFormat }) {
  const { pending } = category;
  if (pending?.recording && pending.recording !== category.recording) {
    const until = dayText(pending.effective_day, format);
    const now = category.recording === "off" ? text.off : text.on;
    return <Note short={text.nowIs(now)} whole={text.until(now, until)} />;
  }
  if (category.recording !== "off" || !category.off_since) return null;
  const since = dayText(category.off_since, format);
  const skipped = category.skipped > 0 ? `, ${text.skipped(category.skipped)}` : "";
  return <Note short={since} whole={text.offSince(since) + skipped} />;
}

/** A small line below a control: short to see, whole to hear and to point at. */
function Note({ short, whole }: { short: string; whole: string }) {
  return (
    <small className="note" title={whole}>
      <span aria-hidden="true">{short}</span>
      <span className="vh">{whole}</span>
    </small>
  );
}
