import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { type EditorEvents, type EditorHandle, openEditor } from "./editor.ts";

/** What the search box asks of its editor. The text itself is the editor's own while it is there. */
export interface Field {
  focus: () => void;
  setText: (text: string) => void;
}

interface EditorProps extends EditorEvents {
  /** What it begins with. */
  text: string;
  hint: string;
  mistake: { from: number; to: number } | null;
  /** What was selected in the plain field that this takes the place of; null: it had no focus. */
  selection: { anchor: number; head: number } | null;
  handle: Ref<Field>;
}

/** The editor as a component. Loaded when a person first turns to the search. */
export default function Editor(props: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const current = useRef(props);
  current.current = props;
  // Before the next key arrives: the plain field is gone, and the editor has to have the focus.
  useLayoutEffect(() => {
    if (!host.current) return;
    const { text, hint, selection } = current.current;
    const opened = openEditor(host.current, text, hint, {
      onChange: (next) => current.current.onChange(next),
      onSearch: (next, isApart) => current.current.onSearch(next, isApart),
      onEscape: () => current.current.onEscape(),
      onBlur: () => current.current.onBlur(),
      within: () => current.current.within(),
    });
    editor.current = opened;
    if (selection !== null) {
      const inText = (place: number) => Math.min(place, text.length);
      opened.view.focus();
      opened.view.dispatch({
        selection: { anchor: inText(selection.anchor), head: inText(selection.head) },
      });
    }
    return () => {
      editor.current = null;
      opened.destroy();
    };
  }, []);
  const { mistake } = props;
  const from = mistake?.from ?? null;
  const to = mistake?.to ?? null;
  useEffect(() => {
    editor.current?.setMistake(from === null || to === null ? null : { from, to });
  }, [from, to]);
  useImperativeHandle(props.handle, () => ({
    focus: () => editor.current?.focus(),
    setText: (text) => editor.current?.setText(text),
  }));
  return <div ref={host} className="editor" />;
}
