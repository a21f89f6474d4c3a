import type { KeyboardEvent } from "react";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { trail } from "../text/trail.ts";

export const PARTS = ["event", "changes", "request", "related", "integrity", "raw"] as const;
export type Part = (typeof PARTS)[number];

interface DrawerTabsProps {
  part: Part;
  changes: number;
  onChoose: (part: Part) => void;
}

/** The parts of an open event; left and right arrows move between them. */
export function DrawerTabs({ part, changes, onChoose }: DrawerTabsProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = PARTS[(PARTS.indexOf(part) + by + PARTS.length) % PARTS.length] ?? "event";
    onChoose(next);
    document.getElementById(`part-${next}`)?.focus();
  };
  return (
    <div
      className="tabs"
      role="tablist"
      aria-label={messages.drawer.parts}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {PARTS.map((item) => (
        <button
          key={item}
          id={`part-${item}`}
          type="button"
          role="tab"
          aria-selected={item === part}
          aria-controls="event-part"
          tabIndex={item === part ? 0 : -1}
          onClick={() => onChoose(item)}
        >
          {item === "related" ? trail.related.tab : messages.drawer.tabs[item]}
          {item === "changes" && changes > 0 && <small>{countText(changes)}</small>}
        </button>
      ))}
    </div>
  );
}
