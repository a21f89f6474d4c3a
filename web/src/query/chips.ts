import { type Range, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { readTokens, type Term } from "./terms.ts";

/** Draws each condition of the search text as a chip. The chips are the text: there is no other. */

/** Where the service found a mistake, or null. */
export const setMistake = StateEffect.define<{ from: number; to: number } | null>();

export const mistake = StateField.define<{ from: number; to: number } | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMistake)) return effect.value;
    // As soon as the text changes, the mistake may be gone.
    return transaction.docChanged ? null : value;
  },
});

class Cross extends WidgetType {
  constructor(
    readonly term: Term,
    readonly onRemove: (term: Term) => void,
  ) {
    super();
  }
  override eq(other: Cross): boolean {
    return other.term.text === this.term.text && other.term.start === this.term.start;
  }
  override toDOM(): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.className = this.term.isNegated ? "cross not" : "cross";
    button.ariaLabel = messages.query.removeTerm(visible(this.term.text));
    button.title = button.ariaLabel;
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.onRemove(this.term));
    return button;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

const mark = (name: string) => Decoration.mark({ class: name });
const MARKS = {
  chip: mark("chip"),
  not: mark("chip not"),
  field: mark("field"),
  op: mark("op"),
  wrong: mark("wrong"),
  bare: mark("bare"),
};

function draw(view: EditorView, onRemove: (term: Term) => void): DecorationSet {
  const text = view.state.doc.toString();
  const caret = view.state.selection.main;
  const marks: Range<Decoration>[] = [];
  for (const token of readTokens(text)) {
    if (token.kind !== "term") {
      marks.push(MARKS.op.range(token.start, token.end));
      continue;
    }
    const { term, fieldEnd } = token;
    // The condition that is being written is plain text, so that nothing jumps under the caret.
    const isEdited = view.hasFocus && caret.to >= term.start && caret.from <= term.end;
    const look = isEdited ? MARKS.bare : term.isNegated ? MARKS.not : MARKS.chip;
    marks.push(look.range(term.start, term.end));
    if (term.field !== null) marks.push(MARKS.field.range(term.start, fieldEnd));
    if (!isEdited) {
      const widget = Decoration.widget({ widget: new Cross(term, onRemove), side: 1 });
      marks.push(widget.range(term.end));
    }
  }
  const wrong = view.state.field(mistake);
  if (wrong && wrong.from < wrong.to && wrong.to <= text.length)
    marks.push(MARKS.wrong.range(wrong.from, wrong.to));
  return Decoration.set(marks, true);
}

/** Chips that follow the text. `onRemove` is told which one a person takes away. */
export const chips = (onRemove: (term: Term) => void) => [
  mistake,
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = draw(view, onRemove);
      }
      update(update: ViewUpdate) {
        const isMarked = update.startState.field(mistake) !== update.state.field(mistake);
        if (update.docChanged || update.selectionSet || update.focusChanged || isMarked)
          this.decorations = draw(update.view, onRemove);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  ),
  EditorView.theme({
    ".chip, .bare": { font: "var(--fs-xs)/16px var(--mono)" },
    ".chip": {
      padding: "3px 2px 3px 6px",
      borderRadius: "var(--r1) 0 0 var(--r1)",
      background: "var(--accent-weak)",
      color: "var(--text)",
    },
    ".chip.not": { background: "var(--fail-weak)" },
    ".field": { color: "var(--accent)" },
    ".chip.not .field": { color: "var(--fail)" },
    ".op": { color: "var(--text-2)", font: "var(--fs-xs)/16px var(--mono)" },
    ".wrong": {
      textDecoration: "underline wavy var(--fail)",
      textUnderlineOffset: "3px",
    },
    ".cross": {
      position: "relative",
      width: "20px",
      height: "22px",
      padding: "0",
      marginInlineEnd: "2px",
      border: "0",
      borderRadius: "0 var(--r1) var(--r1) 0",
      background: "var(--accent-weak)",
      color: "var(--text-2)",
      verticalAlign: "middle",
      cursor: "pointer",
    },
    ".cross.not": { background: "var(--fail-weak)" },
    ".cross::before, .cross::after": {
      content: '""',
      position: "absolute",
      left: "6px",
      top: "10.5px",
      width: "8px",
      height: "1px",
      background: "currentcolor",
      transform: "rotate(45deg)",
    },
    ".cross::after": { transform: "rotate(-45deg)" },
    ".cross:hover": { color: "var(--text)" },
    "@media (forced-colors: active)": {
      ".chip, .cross": { outline: "1px solid CanvasText" },
      ".cross::before, .cross::after": { background: "ButtonText", forcedColorAdjust: "none" },
    },
  }),
];
