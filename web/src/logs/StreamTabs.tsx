import type { KeyboardEvent } from "react";
import type { Stream } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import type { StreamCounts } from "./counts.ts";
import { STREAMS } from "./view.ts";

interface StreamTabsProps {
  stream: Stream;
  counts: StreamCounts | null;
  /** Those that there are for this reader; null means all. */
  streams?: readonly Stream[] | null | undefined;
  onChoose: (stream: Stream) => void;
}

/** User, System, Tasks, each with its number of events in the period. */
export function StreamTabs({ stream, counts, streams, onChoose }: StreamTabsProps) {
  const shown = streams ? STREAMS.filter((item) => streams.includes(item)) : STREAMS;
  const onKeyDown = (event: KeyboardEvent) => {
    const at = shown.indexOf(stream);
    const targets: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: shown.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = shown[(target + shown.length) % shown.length];
    if (!next) return;
    onChoose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div
      className="tabs"
      role="tablist"
      aria-label={messages.logs.streamsLabel}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {shown.map((item) => (
        <button
          key={item}
          id={`tab-${item}`}
          type="button"
          role="tab"
          aria-selected={item === stream}
          aria-controls="events"
          tabIndex={item === stream ? 0 : -1}
          onClick={() => onChoose(item)}
        >
          {messages.logs.streams[item]}{" "}
          <small>{counts ? countText(counts[item] ?? 0) : <span aria-hidden="true">·</span>}</small>
        </button>
      ))}
    </div>
  );
}
