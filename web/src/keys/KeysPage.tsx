import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { fetchKeys, KEYS, type NewKey, revokeKey } from "../api/keys.ts";
import type { ApiKey, Session } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { CreateKeyDialog } from "./CreateKeyDialog.tsx";
import { KeyTable } from "./KeyTable.tsx";
import { NewKeyPanel } from "./NewKeyPanel.tsx";
import { RotateDialog } from "./RotateDialog.tsx";

const text = messages.keys;

/** Main menu → Administration → API keys. */
export default function KeysPage({ session, top }: { session: Session; top: Top }) {
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
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
                onRotate={setRotating}
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
      {rotating && (
        <RotateDialog
          target={rotating}
          onClose={() => setRotating(null)}
          onMade={(key) => {
            setRotating(null);
            setMade(key);
          }}
        />
      )}
      {revoking && <RevokeDialog target={revoking} onClose={() => setRevoking(null)} />}
    </>
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
