import { useMutation } from "@tanstack/react-query";
import { exportSubject, type Identifier } from "../api/erasures.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.erasures;

/** Hands out what is held on the person, as for an access request. */
export function SubjectExport({ identifiers }: { identifiers: readonly Identifier[] }) {
  const pack = useMutation({
    mutationFn: () => exportSubject(identifiers),
    onSuccess: (file) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = "subject.zip";
      link.click();
      URL.revokeObjectURL(link.href);
    },
  });
  return (
    <div className="subject-export">
      <button type="button" className="btn" disabled={pack.isPending} onClick={() => pack.mutate()}>
        <Icon name="export" />
        {text.export}
      </button>
      <span className="muted">{text.exportHint}</span>
      {pack.isError && (
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {pack.error.message}
        </p>
      )}
    </div>
  );
}
