import { trail } from "../text/trail.ts";

interface TaskToggleProps {
  everyEntry: boolean;
  onChoose: (everyEntry: boolean) => void;
}

/** Runs, or every entry of the Tasks stream as a plain list. */
export function TaskToggle({ everyEntry, onChoose }: TaskToggleProps) {
  return (
    <fieldset className="seg task-toggle" aria-label={trail.runs.toggle}>
      <button type="button" aria-pressed={!everyEntry} onClick={() => onChoose(false)}>
        {trail.runs.runs}
      </button>
      <button type="button" aria-pressed={everyEntry} onClick={() => onChoose(true)}>
        {trail.runs.entries}
      </button>
    </fieldset>
  );
}
