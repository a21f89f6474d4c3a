import type { KeyboardEvent } from "react";
import { countText } from "../text/numbers.ts";

export interface Tab {
  key: string;
  title: string;
  /** Shown behind the title where it is more than none. */
  count?: number | undefined;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  current: string;
  /** The id of what they change. */
  controls: string;
  onChoose: (key: string) => void;
}

/** Tabs of a page; arrow keys, Home and End move between them. */
export function Tabs({ label, tabs, current, controls, onChoose }: TabsProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.key === current);
    const targets: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(target + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.key);
    document.getElementById(`${controls}-tab-${next.key}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}>
      {tabs.map(({ key, title, count }) => (
        <button
          key={key}
          id={`${controls}-tab-${key}`}
          type="button"
          role="tab"
          aria-selected={key === current}
          aria-controls={controls}
          tabIndex={key === current ? 0 : -1}
          onClick={() => onChoose(key)}
        >
          {title}
          {count !== undefined && count > 0 && <small>{countText(count)}</small>}
        </button>
      ))}
    </div>
  );
}
