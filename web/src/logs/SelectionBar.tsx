import { useState } from "react";
import { toClipboard } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import type { CellContext, ColumnId } from "./columns.tsx";
import { type CopyForm, copyText } from "./copies.ts";
import type { Marks } from "./marks.ts";
import type { Rows } from "./rows.ts";

interface SelectionBarProps {
  marks: Marks;
  rows: Rows;
  columns: readonly ColumnId[];
  context: CellContext;
}

const FORMS: readonly CopyForm[] = ["csv", "json", "markdown"];

/** What can be done with the chosen rows. Below the rows, over none of them. */
export function SelectionBar({ marks, rows, columns, context }: SelectionBarProps) {
  const text = messages.list.marks;
  const [told, setTold] = useState("");
  const loaded = rows.end - rows.first;
  const copy = (form: CopyForm, near: HTMLElement) => {
    toClipboard(copyText(form, marks.events(), columns, context), near).then(
      () => setTold(text.copied(marks.count, text[form])),
      () => setTold(text.failed),
    );
  };
  return (
    <section className="marks" aria-label={text.count(marks.count)}>
      <b>{text.count(marks.count)}</b>
      <span className="muted">{text.copyAs}</span>
      {FORMS.map((form) => (
        <button
          key={form}
          type="button"
          className="btn"
          onClick={(event) => copy(form, event.currentTarget)}
        >
          <Icon name="copy" />
          {text[form]}
        </button>
      ))}
      {marks.count < loaded && (
        <button type="button" className="linkish" onClick={marks.all}>
          {text.all(loaded)}
        </button>
      )}
      <output className="grow cut">{told}</output>
      <button
        type="button"
        className="btn icon quiet"
        aria-label={text.clear}
        title={text.clear}
        onClick={marks.clear}
      >
        <Icon name="x" />
      </button>
    </section>
  );
}
