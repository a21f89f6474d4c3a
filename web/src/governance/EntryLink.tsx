import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchEntry, type LedgerEntry } from "../api/entries.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { Shown } from "../text/Shown.tsx";
import { leafJson } from "./leaf.ts";

const text = messages.governance.entry;

/** The number of an entry; pressed, it shows what the ledger has there. */
export function EntryLink({ index }: { index: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="linkish entry-link"
        aria-label={text.open(index)}
        onClick={() => setOpen(true)}
      >
        {countText(index)}
      </button>
      {isOpen && <EntryDialog index={index} onClose={() => setOpen(false)} />}
    </>
  );
}

function EntryDialog({ index, onClose }: { index: number; onClose: () => void }) {
  const { data, error } = useQuery({
    queryKey: ["entry", index],
    queryFn: ({ signal }) => fetchEntry(index, signal),
  });
  return (
    <Dialog title={text.title(index)} onClose={onClose}>
      <div className="in">
        {error && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {error.message}
          </p>
        )}
        {data ? <Entry entry={data} /> : !error && <span className="bone key-bone" />}
      </div>
    </Dialog>
  );
}

function Entry({ entry }: { entry: LedgerEntry }) {
  const said = entry.leaf === null ? null : leafJson(entry.leaf);
  return (
    <div className="entry-view">
      <dl className="pairs">
        <dt>{text.type}</dt>
        <dd>{text.types[entry.type]}</dd>
        <dt>{text.day}</dt>
        <dd>{entry.day} (UTC)</dd>
        <dt>{messages.drawer.leafHash}</dt>
        <dd>
          <code title={entry.leaf_hash}>{entry.leaf_hash}</code>
        </dd>
      </dl>
      {said !== null && (
        <section className="snippet" aria-label={text.says}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
          <pre className="entry-json" tabIndex={0}>
            {said.split("\n").map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that never changes
              <span key={at}>
                <Shown text={line} />
                {"\n"}
              </span>
            ))}
          </pre>
          <CopyButton text={said} label={messages.drawer.copy} />
        </section>
      )}
      <p className="muted">{text.sealed}</p>
    </div>
  );
}
