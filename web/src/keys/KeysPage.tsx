import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { fetchKeys, KEYS, type NewKey, revokeKey } from "../api/keys.ts";
import type { ApiKey, KeyKind, Session, Settings } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { CreateKeyDialog } from "./CreateKeyDialog.tsx";
import { NewKeyPanel } from "./NewKeyPanel.tsx";

const text = messages.keys;

/** Main menu → Administration → API keys. */
export default function KeysPage({ session, top }: { session: Session; top: Top }) {
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const query = useQuery({
    queryKey: KEYS,
    queryFn: ({ signal }) => fetchKeys(signal),
    staleTime: 0,
    enabled: session.person.role === "admin",
  });
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  if (session.person.role !== "admin") {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", messages.states.deniedAdmin, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column wide">
          <p className="lead">{text.lead}</p>
          {made && <NewKeyPanel made={made} onDone={() => setMade(null)} />}
          <section className="panel">
            <header>
              <h2>{text.title}</h2>
              <button type="button" className="btn main" onClick={() => setCreating(true)}>
                <Icon name="plus" />
                {text.create}
              </button>
            </header>
            {query.isError ? (
              <Failure problem={query.error} retry={() => query.refetch()} />
            ) : (
              <KeyTable
                keys={query.data ?? null}
                settings={session.settings}
                onRevoke={setRevoking}
              />
            )}
          </section>
        </div>
      </div>
      {creating && (
        <CreateKeyDialog
          onClose={() => setCreating(false)}
          onMade={(key) => {
            setCreating(false);
            setMade(key);
          }}
        />
      )}
      {revoking && <RevokeDialog target={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

interface KeyTableProps {
  keys: ApiKey[] | null;
  settings: Settings;
  onRevoke: (key: ApiKey) => void;
}

export const kindLetter = (kind: ApiKey["kind"]): KeyKind => kind.slice(0, 1) as KeyKind;

function KeyTable({ keys, settings, onRevoke }: KeyTableProps) {
  const when = (at: string | null | undefined): string =>
    at ? momentText(Date.parse(at), settings.zone, settings.date_format) : text.never;
  if (keys === null) {
    return (
      <div className="in">
        <span className="bone key-bone" />
        <span className="bone key-bone" />
      </div>
    );
  }
  if (keys.length === 0) return <p className="in muted">{text.none}</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{text.name}</th>
          <th scope="col">{text.kind}</th>
          <th scope="col">{text.created}</th>
          <th scope="col">{text.lastUsed}</th>
          <th scope="col">{text.state}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id} className={key.revoked_at ? "off" : ""}>
            <td>
              <OneLine text={key.name} /> <code className="muted">{key.id}</code>
            </td>
            <td data-label={text.kind}>{text.kinds[kindLetter(key.kind)]}</td>
            <td data-label={text.created}>{when(key.created_at)}</td>
            <td data-label={text.lastUsed}>{when(key.last_used_at)}</td>
            <td>
              {key.revoked_at ? (
                <span className="st none" title={when(key.revoked_at)}>
                  <Icon name="none" />
                  {text.revoked}
                </span>
              ) : (
                <span className="key-state">
                  <span className="st ok">
                    <Icon name="ok" />
                    {text.active}
                  </span>
                  <button
                    type="button"
                    className="btn quiet danger"
                    aria-label={`${text.revoke} ${visible(key.name)}`}
                    onClick={() => onRevoke(key)}
                  >
                    {text.revoke}
                  </button>
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RevokeDialog({ target, onClose }: { target: ApiKey; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeKey(target.id),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: KEYS });
      onClose();
    },
  });
  return (
    <Dialog title={text.revokeTitle(visible(target.name))} onClose={onClose}>
      <div className="in">
        <p>{text.revokeText}</p>
        {revoke.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {revoke.error.message}
          </p>
        )}
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {text.keep}
        </button>
        <button
          type="button"
          className="btn danger"
          disabled={revoke.isPending}
          onClick={() => revoke.mutate()}
        >
          {text.revoke}
        </button>
      </div>
    </Dialog>
  );
}
