import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { Session } from "../api/types.ts";
import { fetchViews, VIEWS } from "../api/views.ts";
import { go } from "../app/route.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { placesFor, placesOf } from "./places.ts";
import "./palette.css";

const text = messages.palette;

/** Ctrl K: goes to a page, a view, a tab or a search by its name. */
export default function Palette({ session, onClose }: { session: Session; onClose: () => void }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  // After the dialog, which gives the focus to the first thing in it.
  useEffect(() => field.current?.focus(), []);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const { data } = useQuery({ queryKey: VIEWS, queryFn: ({ signal }) => fetchViews(signal) });
  const places = placesFor(placesOf(session, data?.views ?? []), typed);
  const at = Math.min(chosen, places.length - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice is the trigger
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const open = (place: number) => {
    const to = places[place]?.to;
    if (to === undefined) return;
    onClose();
    go(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const count = places.length;
    if (event.key === "ArrowDown") setChosen((at + 1) % Math.max(1, count));
    else if (event.key === "ArrowUp") setChosen((at - 1 + count) % Math.max(1, count));
    else if (event.key === "Enter") open(at);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={text.title} onClose={onClose}>
      <div className="in palette">
        <input
          ref={field}
          className="input"
          role="combobox"
          aria-label={text.title}
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          placeholder={text.find}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div ref={list} className="places" id={id} role="listbox" aria-label={text.title}>
          {places.map((place, number) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: names and addresses may stand twice
              key={number}
              id={`${id}-${number}`}
              role="option"
              tabIndex={-1}
              aria-selected={number === at}
              onClick={() => open(number)}
            >
              <Icon name={place.icon} />
              <OneLine text={place.name} />
              {place.of && <span className="end">{place.of}</span>}
            </div>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
