import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { SESSION, saveSettings } from "../api/session.ts";
import type { DateFormat, Session, Settings, WeekStart } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Switch } from "../controls/Switch.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { allZones, isZone } from "../time/zones.ts";

const text = messages.settings;
const FORMATS = Object.keys(messages.times.formats) as DateFormat[];
const WEEK_STARTS = Object.keys(text.weekStarts) as WeekStart[];

/** How the log is shown to everybody of the tenant. */
export default function SettingsDialog({
  session,
  onClose,
}: {
  session: Session;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const id = useId();
  const [draft, setDraft] = useState<Settings>(session.settings);
  const isAdmin = session.person.role === "admin";
  const zoneIsWrong = !isZone(draft.zone);
  const save = useMutation({
    mutationFn: () => saveSettings(changedOf(session.settings, draft)),
    onSuccess: (settings) => {
      client.setQueryData<Session | null>(SESSION, (known) =>
        known ? { ...known, settings } : known,
      );
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!zoneIsWrong && isAdmin) save.mutate();
  };
  const set = (part: Partial<Settings>) => setDraft({ ...draft, ...part });
  return (
    <Dialog title={text.title} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p className="muted">{isAdmin ? text.whole : text.readOnly}</p>
          <div className="row">
            <label htmlFor={`${id}-zone`}>
              {text.zone}
              <small>{text.zoneHint}</small>
            </label>
            <input
              id={`${id}-zone`}
              className="input"
              list={`${id}-zones`}
              value={draft.zone}
              disabled={!isAdmin}
              aria-invalid={zoneIsWrong}
              aria-describedby={zoneIsWrong ? `${id}-wrong` : undefined}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => set({ zone: event.target.value })}
            />
            <datalist id={`${id}-zones`}>
              {allZones().map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </div>
          {zoneIsWrong && (
            <p className="wrong" id={`${id}-wrong`}>
              <Icon name="fail" />
              {text.notAZone}
            </p>
          )}
          <div className="row">
            <label htmlFor={`${id}-date`}>{text.dateFormat}</label>
            <select
              id={`${id}-date`}
              className="input"
              value={draft.date_format}
              disabled={!isAdmin}
              onChange={(event) => set({ date_format: event.target.value as DateFormat })}
            >
              {FORMATS.map((format) => (
                <option key={format} value={format}>
                  {messages.times.formats[format]}
                </option>
              ))}
            </select>
          </div>
          <div className="row">
            <label htmlFor={`${id}-week`}>{text.weekStart}</label>
            <select
              id={`${id}-week`}
              className="input"
              value={draft.week_start}
              disabled={!isAdmin}
              onChange={(event) => set({ week_start: event.target.value as WeekStart })}
            >
              {WEEK_STARTS.map((day) => (
                <option key={day} value={day}>
                  {text.weekStarts[day]}
                </option>
              ))}
            </select>
          </div>
          <div className="row">
            <span className="label">
              <span id={`${id}-own`}>{text.own}</span>
              <small>{text.ownHint}</small>
            </span>
            <Switch
              on={draft.show_own}
              labelledBy={`${id}-own`}
              disabled={!isAdmin}
              onChange={(show_own) => set({ show_own })}
            />
          </div>
          {save.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {save.error instanceof ApiProblem ? save.error.detail : messages.states.noAnswer}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {isAdmin ? messages.keys.cancel : messages.help.close}
          </button>
          {isAdmin && (
            <button type="submit" className="btn main" disabled={save.isPending || zoneIsWrong}>
              {text.save}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** Only what was changed is sent: each change becomes an event of its own. */
function changedOf(before: Settings, after: Settings): Partial<Settings> {
  const names = (Object.keys(after) as (keyof Settings)[]).filter(
    (name) => after[name] !== before[name],
  );
  return Object.fromEntries(names.map((name) => [name, after[name]]));
}
