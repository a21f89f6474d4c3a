import type { Conflict } from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { ChangeList } from "./ChangeList.tsx";

const text = messages.retention.conflict;

interface ConflictNoteProps {
  conflict: Conflict;
  settings: Settings;
  onSeen: () => void;
}

/** Another administrator saved first: says what, and that nothing of one's own is lost. */
export function ConflictNote({ conflict, settings, onSeen }: ConflictNoteProps) {
  const { zone, date_format: format } = settings;
  const by = conflict.by ? visible(conflict.by) : text.somebody;
  const at = conflict.at ? momentText(Date.parse(conflict.at), zone, format) : "";
  return (
    <section className="panel conflict" role="alert">
      <header>
        <Icon name="denied" />
        <h2>{text.title}</h2>
        <button type="button" className="btn end" onClick={onSeen}>
          {text.dismiss}
        </button>
      </header>
      <div className="in">
        <p>{text.text(by, conflict.version, at)}</p>
        {conflict.changes.length > 0 && (
          <div>
            <p className="muted">{text.theirs}:</p>
            <ChangeList changes={conflict.changes} />
          </div>
        )}
      </div>
    </section>
  );
}
