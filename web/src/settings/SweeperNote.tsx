import { useMutation, useQueryClient } from "@tanstack/react-query";
import { confirmClock, RETENTION, type Retention } from "../api/retention.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";

const text = messages.retention.sweeper;

interface SweeperNoteProps {
  retention: Retention;
  settings: Settings;
  isAdmin: boolean;
}

/** What the sweeper, which drops expired parts, is doing; a word to say where it waits for people. */
export function SweeperNote({ retention, settings, isAdmin }: SweeperNoteProps) {
  const client = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => confirmClock(text.confirm),
    onSettled: () => client.invalidateQueries({ queryKey: RETENTION, exact: true }),
  });
  const { state, detail, waits_for, last_sweep_at } = retention.sweeper;
  const at = last_sweep_at
    ? momentText(Date.parse(last_sweep_at), settings.zone, settings.date_format)
    : null;
  return (
    <div className="sweeper muted">
      <p>
        {text[state]}
        {at && <> · {text.last(at)}</>}
      </p>
      {detail && (
        <p>
          <OneLine text={detail} />
        </p>
      )}
      {waits_for === "clock" && (
        <p className="wrong">
          <Icon name="denied" />
          {text.clock}
        </p>
      )}
      {waits_for === "clock" && isAdmin && (
        <button
          type="button"
          className="btn"
          disabled={confirm.isPending}
          onClick={() => confirm.mutate()}
        >
          {text.confirm}
        </button>
      )}
      {confirm.isError && (
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {confirm.error.message}
        </p>
      )}
    </div>
  );
}
