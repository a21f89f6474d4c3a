import type { Retention } from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { ClockNote } from "./ClockNote.tsx";

const text = messages.retention.sweeper;

interface SweeperNoteProps {
  retention: Retention;
  settings: Settings;
  isAdmin: boolean;
}

/** What the sweeper, which drops expired parts, is doing; a word to say where it waits for people. */
export function SweeperNote({ retention, settings, isAdmin }: SweeperNoteProps) {
  const { state, detail, clock, last_sweep_at } = retention.sweeper;
  const at = last_sweep_at
    ? momentText(Date.parse(last_sweep_at), settings.zone, settings.date_format)
    : null;
  return (
    <div className="sweeper muted">
      <p>
        {text[state]}
        {at && <> · {text.last(at)}</>}
      </p>
      {detail && !clock && (
        <p>
          <OneLine text={detail} />
        </p>
      )}
      {clock && <ClockNote clock={clock} isAdmin={isAdmin} />}
    </div>
  );
}
