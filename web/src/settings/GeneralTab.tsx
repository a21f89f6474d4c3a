import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { SESSION, saveSettings } from "../api/session.ts";
import type { DateFormat, Session, Settings, WeekStart } from "../api/types.ts";
import { Switch } from "../controls/Switch.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { allZones, isZone } from "../time/zones.ts";
import type { TabProps } from "./tabs.ts";

const text = messages.settings;
const FORMATS = Object.keys(messages.times.formats) as DateFormat[];
const WEEK_STARTS = Object.keys(text.weekStarts) as WeekStart[];

/** How the log is shown to everybody of the tenant. */
export default function GeneralTab({ session, isAdmin }: TabProps) {
  const client = useQueryClient();
  const id = useId();
  const [draft, setDraft] = useState<Settings>(session.settings);
  const zoneIsWrong = !isZone(draft.zone);
  const changed = changedOf(session.settings, draft);
  const isChanged = Object.keys(changed).length > 0;
  const save = useMutation({
    mutationFn: () => saveSettings(changed),
    onSuccess: (settings) => {
      setDraft(settings);
      client.setQueryData<Session | null>(SESSION, (known) =>
        known ? { ...known, settings } : known,
      );
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!zoneIsWrong && isAdmin && isChanged) save.mutate();
  };
  const set = (part: Partial<Settings>) => {
    save.reset();
    setDraft({ ...draft, ...part });
  };
  const mark = (name: keyof Settings) => (name in changed ? "input changed" : "input");
  return (
    <form className="panel general" onSubmit={submit}>
      <header>
        <h2>{text.general}</h2>
        <span className="muted">{text.whole}</span>
      </header>
      <div className="in">
        <dl className="pairs wrap">
          <dt>{messages.top.tenant}</dt>
          <dd>
            <OneLine text={session.tenant.title || session.tenant.name} />
          </dd>
          <dt>{messages.status.origin}</dt>
          <dd>
            <code>{session.tenant.origin}</code>
          </dd>
        </dl>
        <div className="row">
          <label htmlFor={`${id}-zone`}>
            {text.zone}
            <small>{text.zoneHint}</small>
          </label>
          <input
            id={`${id}-zone`}
            className={mark("zone")}
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
          <label htmlFor={`${id}-date`}>
            {text.dateFormat}
            <small>
              {text.dateHint(
                momentText(Date.now(), zoneIsWrong ? "UTC" : draft.zone, draft.date_format),
              )}
            </small>
          </label>
          <select
            id={`${id}-date`}
            className={mark("date_format")}
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
            className={mark("week_start")}
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
      {isAdmin && (
        <div className="actions">
          <button
            type="submit"
            className="btn main"
            disabled={save.isPending || zoneIsWrong || !isChanged}
          >
            {text.save}
          </button>
          <button
            type="button"
            className="btn quiet"
            disabled={!isChanged}
            onClick={() => set(session.settings)}
          >
            {text.discard}
          </button>
          <output className="saved">
            {save.isSuccess && !isChanged && (
              <>
                <Icon name="ok" />
                {text.saved}
              </>
            )}
          </output>
        </div>
      )}
    </form>
  );
}

/** Only what was changed is sent: each change becomes an event of its own. */
function changedOf(before: Settings, after: Settings): Partial<Settings> {
  const names = (Object.keys(after) as (keyof Settings)[]).filter(
    (name) => after[name] !== before[name],
  );
  return Object.fromEntries(names.map((name) => [name, after[name]]));
}
