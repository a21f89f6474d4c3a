import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { address } from "../api/client.ts";
import { fetchProof, proofPath } from "../api/log.ts";
import type { AuditEvent } from "../api/types.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { saveText } from "../controls/save.ts";
import { isEmbedded } from "../embed/mode.ts";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { useStatus } from "../shell/Seal.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { trail } from "../text/trail.ts";
import { shortHash } from "./fields.ts";
import { canHash, hexOf, leadsToRoot, type Proof, parseProof } from "./proof.ts";

const text = messages.integrity;

interface Checked {
  proof: Proof;
  /** Null when this browser could not hash. */
  holds: boolean | null;
}

async function check(event: AuditEvent, signal: AbortSignal): Promise<Checked> {
  const proof = parseProof(await fetchProof(event.id, signal));
  if (proof.index !== event.index || !event.leaf_hash) return { proof, holds: false };
  return { proof, holds: canHash() ? await leadsToRoot(event.leaf_hash, proof) : null };
}

/** Where the event stands in the tree, whether its path leads to the root, and how to check it. */
export function Integrity({ event, brief = false }: { event: AuditEvent; brief?: boolean }) {
  const { data: status } = useStatus();
  const proof = useQuery({
    queryKey: ["proof", event.id],
    queryFn: ({ signal }) => check(event, signal),
    // The checkpoint that covers a new entry is signed within a second of it.
    retry: 3,
    retryDelay: 700,
  });
  const checked = proof.data ?? null;
  const witnesses = status?.ledger.witnesses ?? 0;
  return (
    <section className="block">
      <h2>
        {messages.drawer.tabs.integrity} <Verdict checked={checked} failed={proof.isError} />
      </h2>
      <Path event={event} checked={checked} witnesses={witnesses} />
      <dl className="pairs proofs">
        <dt>{messages.drawer.leafHash}</dt>
        <dd className="mono" title={event.leaf_hash ?? ""}>
          {event.leaf_hash}
        </dd>
        <dt>{messages.drawer.entryIndex}</dt>
        <dd>{countText(event.index)}</dd>
        <dt>{messages.drawer.checkpoint}</dt>
        <dd title={checked ? hexOf(checked.proof.checkpoint.root) : ""}>
          {checked
            ? text.checkpoint(checked.proof.checkpoint.origin, checked.proof.checkpoint.size)
            : text.waiting}
        </dd>
      </dl>
      <Command
        says={trail.details.verifyProof}
        command={`indelible verify ${proofName(event)} --log-key log.vkey`}
      >
        <SaveProof event={event} />
      </Command>
      {!brief && (
        <>
          <Command says={trail.details.verifyAll} command="indelible verify">
            <button
              type="button"
              className="btn"
              title={trail.details.receiptSave}
              onClick={() =>
                saveText(`entry-${event.index}.receipt.json`, receiptOf(event), JSON_TYPE)
              }
            >
              <Icon name="export" />
              {trail.details.receipt}
            </button>
          </Command>
          <p className="muted under">{messages.drawer.verifyWhere}</p>
        </>
      )}
    </section>
  );
}

function SaveProof({ event }: { event: AuditEvent }) {
  const face = (
    <>
      <Icon name="export" />
      {messages.drawer.proof}
    </>
  );
  const shared = { className: "btn", title: messages.drawer.proofSave };
  if (!isEmbedded) {
    return (
      <a {...shared} href={address(proofPath(event.id))} download={proofName(event)}>
        {face}
      </a>
    );
  }
  // A link carries no token, so the frame fetches the file by itself.
  const save = async () => saveText(proofName(event), await fetchProof(event.id), "text/plain");
  return (
    <button {...shared} type="button" onClick={() => void save()}>
      {face}
    </button>
  );
}

const JSON_TYPE = "application/json";

const proofName = (event: AuditEvent): string => `entry-${event.index}.tlog-proof`;

/** What the service acknowledged when it stored the event (spec/receipt.md). */
function receiptOf(event: AuditEvent): string {
  const { id, index, leaf_hash } = event;
  return `${JSON.stringify({ id, index, leaf_hash }, null, 2)}\n`;
}

interface CommandProps {
  says: string;
  command: string;
  children: ReactNode;
}

/** A command to paste into a terminal, and the file that it is about. */
function Command({ says, command, children }: CommandProps) {
  return (
    <>
      <p className="muted under">{says}</p>
      <div className="cmd">
        <code>{command}</code>
        <CopyButton text={command} label={messages.drawer.verifyCopy} />
        {children}
      </div>
    </>
  );
}

function Verdict({ checked, failed }: { checked: Checked | null; failed: boolean }) {
  if (failed) return <span className="st denied">{text.noProof}</span>;
  if (!checked) return <span className="muted">{text.checking}</span>;
  if (checked.holds === null) return <span className="muted">{text.needsHttps}</span>;
  return checked.holds ? (
    <span className="st ok">
      <Icon name="seal" />
      {text.holds}
    </span>
  ) : (
    <span className="st fail">
      <Icon name="fail" />
      {text.broken}
    </span>
  );
}

interface PathProps {
  event: AuditEvent;
  checked: Checked | null;
  witnesses: number;
}

/** Entry → path → root → checkpoint → witnesses. Only what was checked here has a tick. */
function Path({ event, checked, witnesses }: PathProps) {
  const look = (holds: boolean | null | undefined): [string, IconName] =>
    holds === true ? ["", "ok"] : holds === false ? ["bad", "fail"] : ["idle", "wait"];
  const climbed = look(checked?.holds);
  const steps: [string, string, [string, IconName]][] = [
    [text.entry, messages.event.leaf(shortHash(event.leaf_hash ?? "")), climbed],
    [
      text.path,
      checked ? messages.amounts.hashes(checked.proof.hashes.length) : text.waiting,
      climbed,
    ],
    [text.root, checked ? shortHash(hexOf(checked.proof.checkpoint.root)) : text.waiting, climbed],
    [
      messages.drawer.checkpoint,
      checked ? text.signed(checked.proof.checkpoint.size) : text.waiting,
      checked ? ["idle", "seal"] : ["idle", "wait"],
    ],
    [text.witnesses, witnesses > 0 ? countText(witnesses) : text.none, ["wait", "wait"]],
  ];
  return (
    <ol className="path">
      {steps.map(([name, value, [className, icon]]) => (
        <li key={name} className={className}>
          <Icon name={icon} />
          <b>{name}</b>
          {value}
        </li>
      ))}
    </ol>
  );
}
