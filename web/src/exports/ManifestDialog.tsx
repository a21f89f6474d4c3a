import { useQuery } from "@tanstack/react-query";
import { EXPORTS, type Export, fetchManifest } from "../api/exports.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Dialog } from "../controls/Dialog.tsx";
import { saveText } from "../controls/save.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";

const text = messages.exports;

/** What a file holds, who made it and when, and how to check that it is this one. */
export function ManifestDialog({ of, onClose }: { of: Export; onClose: () => void }) {
  const query = useQuery({
    queryKey: [...EXPORTS, "manifest", of.id],
    queryFn: ({ signal }) => fetchManifest(of.id, signal),
  });
  const shown = query.data ? JSON.stringify(query.data, null, 2) : null;
  const check = `sha256sum ${of.file_name}`;
  return (
    <Dialog title={text.manifestTitle} onClose={onClose}>
      <div className="in x-manifest">
        <p className="exports-name">{visible(of.file_name)}</p>
        {of.sha256 && (
          <>
            <p>{text.checkHow}</p>
            <div className="snippet">
              <pre>
                {check}
                {"\n"}
                {of.sha256}
              </pre>
              <CopyButton text={of.sha256} label={text.copyHash} />
            </div>
          </>
        )}
        {query.isError && <Failure problem={query.error} retry={() => query.refetch()} />}
        {shown && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
          <pre className="x-json" tabIndex={0}>
            {shown.split("\n").map(visible).join("\n")}
          </pre>
        )}
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {messages.help.close}
        </button>
        <button
          type="button"
          className="btn main"
          disabled={shown === null}
          onClick={() =>
            saveText(`${of.file_name}.manifest.json`, `${shown}\n`, "application/json")
          }
        >
          <Icon name="export" />
          {text.saveManifest}
        </button>
      </div>
    </Dialog>
  );
}
