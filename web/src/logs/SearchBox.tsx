import {
  type ComponentType,
  type Ref,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { ApiProblem, type Parameters as Filters } from "../api/client.ts";
import { Icon } from "../icons/Icon.tsx";
import type { Field } from "../query/Editor.tsx";
import { keepSearch } from "../query/recent.ts";
import { unitsOf } from "../query/terms.ts";
import { messages } from "../text/messages.ts";

const PAUSE_MS = 400;

type Editor = typeof import("../query/Editor.tsx").default;

interface SearchBoxProps {
  q: string;
  /** Why the search could not be read, if it could not. */
  problem: unknown;
  narrow: boolean;
  /** The stream and the period whose values are proposed. */
  within: Filters;
  /** `more` says that this goes on from a search typed just before. */
  onSearch: (q: string, more: boolean) => void;
  handle: Ref<Pick<Field, "focus">>;
}

/** Where in the text the service found the mistake, in UTF-16 units; the token runs to the next space. */
function mistakeIn(q: string, problem: unknown): { from: number; to: number } | null {
  if (!(problem instanceof ApiProblem) || problem.status !== 400 || problem.position === null)
    return null;
  const text = q.trim();
  const from = Math.min(unitsOf(text, problem.position), Math.max(0, text.length - 1));
  const length = /^\s*\S*/.exec(text.slice(from))?.[0].length ?? 1;
  return { from, to: from + Math.max(1, length) };
}

/**
 * The search text: takes effect after a pause in typing, or at once with Enter. It begins as a plain
 * field; the editor with chips and proposals takes its place when a person turns to it.
 */
export function SearchBox({ q, problem, narrow, within, onSearch, handle }: SearchBoxProps) {
  const [typed, setTyped] = useState(q);
  const [Loaded, setLoaded] = useState<ComponentType<Parameters<Editor>[0]> | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const editor = useRef<Field>(null);
  const selection = useRef<{ anchor: number; head: number } | null>(null);
  const timer = useRef(0);
  const sent = useRef(q);
  const isTyping = useRef(false);
  useImperativeHandle(handle, () => ({
    focus: () => (editor.current ? editor.current.focus() : input.current?.select()),
  }));

  /** Changes the text by our hand, not by the person's keys. */
  const put = (value: string) => {
    setTyped(value);
    editor.current?.setText(value);
  };
  // The address moved on by itself (back, a link): what is typed follows it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new q is the trigger
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    put(q);
    clearTimeout(timer.current);
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const load = async () => {
    const { default: loaded } = await import("../query/Editor.tsx");
    const field = input.current;
    // What is selected stays so: typed over it, the new text takes its place.
    selection.current =
      field && document.activeElement === field
        ? { anchor: field.selectionStart ?? 0, head: field.selectionEnd ?? 0 }
        : null;
    flushSync(() => setLoaded(() => loaded));
  };
  // A search in the address is shown with its chips.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is a first search
  useEffect(() => {
    if (q && !Loaded) load();
  }, [q !== ""]);

  const send = (value: string) => {
    clearTimeout(timer.current);
    const next = value.trim();
    if (next === sent.current) return;
    sent.current = next;
    onSearch(next, isTyping.current);
    isTyping.current = true;
  };
  const type = (value: string) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => send(value), PAUSE_MS);
  };
  const submit = (value: string, isApart = false) => {
    if (isApart) leave();
    setTyped(value);
    send(value);
    keepSearch(value);
  };
  const leaveText = () => {
    if (typed) {
      put("");
      send("");
    } else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  const leave = () => {
    if (isTyping.current) keepSearch(sent.current);
    isTyping.current = false;
  };
  const hint = narrow ? messages.logs.searchHintShort : messages.logs.searchHint;
  const mistake = typed.trim() === q ? mistakeIn(q, problem) : null;
  const isWrong = problem instanceof ApiProblem && problem.status === 400 && q !== "";
  return (
    <search className={isWrong ? "box bad" : "box"}>
      <Icon name="search" />
      {Loaded ? (
        <Loaded
          text={typed}
          hint={hint}
          mistake={mistake}
          selection={selection.current}
          handle={editor}
          onChange={type}
          onSearch={submit}
          onEscape={leaveText}
          onBlur={leave}
          within={() => within}
        />
      ) : (
        <input
          ref={input}
          type="text"
          enterKeyHint="search"
          className={typed ? "typed" : ""}
          aria-label={messages.logs.search}
          aria-invalid={isWrong}
          aria-describedby="explain"
          placeholder={hint}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={typed}
          onFocus={load}
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") submit(typed);
            else if (event.key === "Escape") {
              event.stopPropagation();
              leaveText();
            }
          }}
          onBlur={leave}
        />
      )}
      {typed ? (
        <button
          type="button"
          className="clear"
          aria-label={messages.logs.clearSearch}
          title={messages.logs.clearSearch}
          onClick={() => {
            put("");
            send("");
            if (editor.current) editor.current.focus();
            else input.current?.focus();
          }}
        >
          <Icon name="x" />
        </button>
      ) : (
        <kbd>/</kbd>
      )}
    </search>
  );
}
