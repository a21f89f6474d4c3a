import {
  acceptCompletion,
  closeCompletion,
  completionStatus,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap, placeholder } from "@codemirror/view";
import type { Parameters } from "../api/client.ts";
import { messages } from "../text/messages.ts";
import { HIDDEN, visible } from "../text/visible.ts";
import { chips, mistake, setMistake } from "./chips.ts";
import { completion } from "./completion.ts";
import { removeTerm } from "./edits.ts";
import { theme } from "./theme.ts";

export interface EditorEvents {
  onChange: (text: string) => void;
  /** Search for it now. `isApart`: by a chip taken away, a step of its own on the way back. */
  onSearch: (text: string, isApart: boolean) => void;
  onEscape: () => void;
  onBlur: () => void;
  /** The stream and the period whose values are proposed. */
  within: () => Parameters;
}

export interface EditorHandle {
  view: EditorView;
  setText: (text: string) => void;
  setMistake: (place: { from: number; to: number } | null) => void;
  focus: () => void;
  destroy: () => void;
}

/** A change that comes from outside (the address), not from the person's keys. */
const fromOutside = Annotation.define<boolean>();

/** Begin and end of a range in the text, or null when it is empty or elsewhere. */
function placesOf(view: EditorView, range: StaticRange): { from: number; to: number } | null {
  const { startContainer, startOffset, endContainer, endOffset } = range;
  if (range.collapsed) return null;
  if (!view.contentDOM.contains(startContainer) || !view.contentDOM.contains(endContainer))
    return null;
  const from = view.posAtDOM(startContainer, startOffset);
  const to = view.posAtDOM(endContainer, endOffset);
  return from < to ? { from, to } : null;
}

/**
 * The editor of the search text. It lives in a shadow root: there CodeMirror keeps its styles in
 * constructed style sheets, which the service's policy allows, instead of in a <style>.
 */
export function openEditor(
  host: HTMLElement,
  text: string,
  hint: string,
  events: EditorEvents,
): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const replace = (next: string, isOutside: boolean) =>
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: next },
      selection: { anchor: next.length },
      annotations: fromOutside.of(isOutside),
    });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      selection: { anchor: text.length },
      extensions: [
        history(),
        chips((term) => {
          const next = removeTerm(view.state.doc.toString(), term);
          replace(next, true);
          events.onSearch(next, true);
        }),
        completion(events.within),
        keymap.of([
          {
            key: "Enter",
            run: () => {
              if (completionStatus(view.state) === "active" && acceptCompletion(view)) return true;
              // What is searched for needs no proposals: Escape clears it then, at the first press.
              closeCompletion(view);
              events.onSearch(view.state.doc.toString(), false);
              return true;
            },
          },
          { key: "Tab", run: acceptCompletion },
          {
            key: "ArrowDown",
            run: () => completionStatus(view.state) === null && startCompletion(view),
          },
          {
            key: "Escape",
            run: () => {
              events.onEscape();
              return true;
            },
          },
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        // One line: what is pasted with line breaks is joined.
        EditorState.transactionFilter.of((transaction) => {
          if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
          const joined = transaction.newDoc.toString().replace(/\s*\n\s*/g, " ");
          return {
            changes: { from: 0, to: transaction.startState.doc.length, insert: joined },
            selection: { anchor: joined.length },
          };
        }),
        highlightSpecialChars({
          specialChars: new RegExp(HIDDEN.source, "gu"),
          render: (code) => {
            const mark = document.createElement("span");
            mark.className = "ctl";
            mark.textContent = visible(String.fromCodePoint(code));
            return mark;
          },
        }),
        placeholder(hint),
        EditorView.contentAttributes.of((current) => ({
          "aria-label": messages.logs.search,
          "aria-multiline": "false",
          "aria-invalid": `${current.state.field(mistake) !== null}`,
          "aria-description": messages.query.hint,
          enterkeyhint: "search",
          autocapitalize: "off",
          spellcheck: "false",
        })),
        EditorView.updateListener.of((update) => {
          const isOutside = update.transactions.some((item) => item.annotation(fromOutside));
          if (update.docChanged && !isOutside) events.onChange(update.state.doc.toString());
          if (update.focusChanged && !update.view.hasFocus) events.onBlur();
        }),
        EditorView.domEventHandlers({
          // The keys of the list are not for what is typed here.
          keydown: (event) => {
            event.stopPropagation();
            return false;
          },
          // Typed over chips, Chromium would keep their look in a style attribute, which the policy
          // forbids: what is typed goes into the text by our hand.
          beforeinput: (event) => {
            if (event.inputType !== "insertText" || !event.data || view.composing) return false;
            event.preventDefault();
            // What was selected a moment ago (by a menu, by a script) the editor may not know yet.
            const [range] = event.getTargetRanges();
            const selected =
              view.state.selection.main.empty && range ? placesOf(view, range) : null;
            view.dispatch(
              selected
                ? {
                    changes: { ...selected, insert: event.data },
                    selection: { anchor: selected.from + event.data.length },
                  }
                : view.state.replaceSelection(event.data),
              { userEvent: "input.type", scrollIntoView: true },
            );
            return true;
          },
          click: () => {
            if (view.state.doc.length === 0) startCompletion(view);
          },
        }),
        theme,
      ],
    }),
  });
  return {
    view,
    setText: (next) => {
      if (next !== view.state.doc.toString()) replace(next, true);
    },
    setMistake: (place) => view.dispatch({ effects: setMistake.of(place) }),
    focus: () => {
      view.focus();
      view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } });
    },
    destroy: () => view.destroy(),
  };
}
