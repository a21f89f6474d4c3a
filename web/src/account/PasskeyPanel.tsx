import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { FACTORS } from "../api/account.ts";
import { ApiProblem } from "../api/client.ts";
import {
  canUsePasskeys,
  fetchPasskeys,
  makePasskey,
  PASSKEYS,
  removePasskey,
} from "../api/passkeys.ts";
import { SESSION } from "../api/session.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";

const text = messages.account;

/** Passkeys: made with this device, listed, removed. */
export function PasskeyPanel({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const query = useQuery({
    queryKey: PASSKEYS,
    queryFn: ({ signal }) => fetchPasskeys(signal),
    staleTime: 0,
  });
  const changed = () => {
    client.invalidateQueries({ queryKey: PASSKEYS });
    client.invalidateQueries({ queryKey: FACTORS });
  };
  const make = useMutation({
    mutationFn: () => makePasskey(name.trim()),
    onSuccess: () => {
      setName("");
      changed();
      client.invalidateQueries({ queryKey: SESSION });
    },
  });
  const remove = useMutation({ mutationFn: removePasskey, onSettled: changed });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const when = (at: string | null) =>
    at ? momentText(Date.parse(at), settings.zone, settings.date_format) : text.never;
  const failure = make.error ?? remove.error;
  return (
    <section className="panel">
      <header>
        <h2>{text.passkeys}</h2>
      </header>
      <div className="in">
        <p className="lead">{text.passkeysLead}</p>
        {failure && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {failure instanceof ApiProblem ? failure.message : text.passkeyStopped}
          </p>
        )}
        {canUsePasskeys() ? (
          <form className="row-acts" onSubmit={submit}>
            <input
              className="input passkey-name"
              aria-label={text.passkeyName}
              placeholder={text.passkeyName}
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <button type="submit" className="btn main" disabled={make.isPending}>
              {text.makePasskey}
            </button>
          </form>
        ) : (
          <p className="muted">{text.passkeysNeed}</p>
        )}
      </div>
      {query.data && query.data.length > 0 && (
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{text.passkeyName}</th>
              <th scope="col">{messages.keys.created}</th>
              <th scope="col">{messages.keys.lastUsed}</th>
              <th scope="col">
                <span className="vh">{messages.users.remove}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {query.data.map((one) => (
              <tr key={one.id}>
                <td>
                  <OneLine text={one.name} />
                </td>
                <td data-label={messages.keys.created}>{when(one.created_at)}</td>
                <td data-label={messages.keys.lastUsed}>{when(one.used_at)}</td>
                <td>
                  <button
                    type="button"
                    className="btn quiet danger"
                    aria-label={`${messages.users.remove} ${visible(one.name)}`}
                    onClick={() => remove.mutate(one.id)}
                  >
                    {messages.users.remove}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
