import { useQuery } from "@tanstack/react-query";
import type { Parameters } from "../api/client.ts";
import { COPY_FORMS, type CopyForm, fetchCopy } from "../api/trail.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Dialog } from "../controls/Dialog.tsx";
import { saveText } from "../controls/save.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { Shown } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";

const text = trail.steps;
export const FORM_ORDER = COPY_FORMS;
const FILES: Record<CopyForm, [string, string]> = {
  markdown: ["steps.md", "text/markdown"],
  csv: ["steps.csv", "text/csv"],
  pytest: ["test_steps.py", "text/x-python"],
  curl: ["steps.sh", "text/x-shellscript"],
  har: ["steps.har", "application/json"],
};

interface CopyDialogProps {
  form: CopyForm;
  parameters: Parameters;
  onClose: () => void;
}

/** The steps in one form, to look at before it is copied or saved. */
export function CopyDialog({ form, parameters, onClose }: CopyDialogProps) {
  const query = useQuery({
    queryKey: ["steps-copy", form, parameters],
    queryFn: ({ signal }) => fetchCopy(parameters, form, signal),
    // Each of these is an export in the log: none without a person asking.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: false,
  });
  const [file, type] = FILES[form];
  return (
    <Dialog title={text.copyTitle(text.forms[form])} onClose={onClose}>
      <div className="in steps-copy">
        <p>{text.formNotes[form]}</p>
        {query.isError ? (
          <Failure problem={query.error} retry={() => query.refetch()} />
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: long text must scroll by keyboard
          <pre className="raw" tabIndex={0} aria-busy={query.isPending}>
            {(query.data ?? text.reading).split("\n").map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the lines are never reordered
              <span key={at}>
                <Shown text={line.replace(/\r$/, "")} />
                {"\n"}
              </span>
            ))}
          </pre>
        )}
        <p className="muted">{text.recorded}</p>
      </div>
      <div className="actions">
        <button
          type="button"
          className="btn"
          disabled={query.data === undefined}
          onClick={() => saveText(file, query.data ?? "", type)}
        >
          <Icon name="export" />
          {text.save}
        </button>
        <CopyButton
          className="btn main"
          label={text.copy}
          face={text.copy}
          text={query.data ?? ""}
        />
      </div>
    </Dialog>
  );
}
