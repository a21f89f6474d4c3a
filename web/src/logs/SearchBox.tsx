import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const PAUSE_MS = 400;

interface SearchBoxProps {
  q: string;
  isWrong: boolean;
  narrow: boolean;
  /** `more` says that this goes on from a search typed just before. */
  onSearch: (q: string, more: boolean) => void;
  handle: Ref<{ focus: () => void }>;
}

/** The search text: takes effect after a pause in typing, or at once with Enter. */
export function SearchBox({ q, isWrong, narrow, onSearch, handle }: SearchBoxProps) {
  const [typed, setTyped] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  const sent = useRef(q);
  const isTyping = useRef(false);
  useImperativeHandle(handle, () => ({ focus: () => input.current?.select() }));

  // The address moved on by itself (back, a link): what is typed follows it.
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    setTyped(q);
    clearTimeout(timer.current);
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (value: string) => {
    clearTimeout(timer.current);
    const next = value.trim();
    if (next === sent.current) return;
    sent.current = next;
    onSearch(next, isTyping.current);
    isTyping.current = true;
  };
  return (
    <search className={isWrong ? "box bad" : "box"}>
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        enterKeyHint="search"
        className={typed ? "typed" : ""}
        aria-label={messages.logs.search}
        aria-invalid={isWrong}
        aria-describedby="explain"
        placeholder={narrow ? messages.logs.searchHintShort : messages.logs.searchHint}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          const value = event.target.value;
          setTyped(value);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => send(value), PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") send(typed);
          else if (event.key === "Escape") {
            event.stopPropagation();
            if (typed) {
              setTyped("");
              send("");
            } else input.current?.blur();
          }
        }}
        onBlur={() => {
          isTyping.current = false;
        }}
      />
      {typed ? (
        <button
          type="button"
          className="clear"
          aria-label={messages.logs.clearSearch}
          title={messages.logs.clearSearch}
          onClick={() => {
            setTyped("");
            send("");
            input.current?.focus();
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
