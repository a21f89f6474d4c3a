import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  beginTotp,
  confirmTotp,
  FACTORS,
  fetchFactors,
  removeTotp,
  renewRecovery,
  type Secret,
} from "../api/account.ts";
import { SESSION } from "../api/session.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Qr } from "./Qr.tsx";

const text = messages.account;

/** One-time codes: set up, recovery codes, turned off. */
export function FactorPanel({ mustSetUp }: { mustSetUp: boolean }) {
  const client = useQueryClient();
  const [secret, setSecret] = useState<Secret | null>(null);
  const [recovery, setRecovery] = useState<string[] | null>(null);
  const query = useQuery({
    queryKey: FACTORS,
    queryFn: ({ signal }) => fetchFactors(signal),
    staleTime: 0,
  });
  const changed = () => client.invalidateQueries({ queryKey: FACTORS });
  const begin = useMutation({ mutationFn: beginTotp, onSuccess: setSecret });
  const remove = useMutation({ mutationFn: removeTotp, onSuccess: changed });
  const renew = useMutation({
    mutationFn: renewRecovery,
    onSuccess: (codes) => {
      setRecovery(codes);
      changed();
    },
  });
  const failure = begin.error ?? remove.error ?? renew.error;
  const done = () => {
    setRecovery(null);
    client.invalidateQueries({ queryKey: SESSION });
  };
  return (
    <section className="panel">
      <header>
        <h2>{text.factor}</h2>
        {query.data && (
          <span className={query.data.totp ? "st ok" : "st none"}>
            <Icon name={query.data.totp ? "ok" : "none"} />
            {query.data.totp ? text.on : text.off}
          </span>
        )}
      </header>
      <div className="in">
        {mustSetUp && <p className="warnbox">{text.mustSetUp}</p>}
        <p className="lead">{text.factorLead}</p>
        {failure && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {failure.message}
          </p>
        )}
        {recovery ? (
          <Recovery codes={recovery} onDone={done} />
        ) : secret ? (
          <SetUp
            secret={secret}
            onCancel={() => setSecret(null)}
            onDone={(codes) => {
              setSecret(null);
              setRecovery(codes);
              changed();
            }}
          />
        ) : (
          query.data && (
            <p className="row-acts">
              {query.data.totp ? (
                <>
                  <span className="muted">{text.recoveryLeft(query.data.recovery_left)}</span>
                  <button type="button" className="btn" onClick={() => renew.mutate()}>
                    {text.renew}
                  </button>
                  {!query.data.required && (
                    <button type="button" className="btn danger" onClick={() => remove.mutate()}>
                      {text.turnOff}
                    </button>
                  )}
                </>
              ) : (
                <button type="button" className="btn main" onClick={() => begin.mutate()}>
                  {text.setUp}
                </button>
              )}
            </p>
          )
        )}
      </div>
    </section>
  );
}

interface SetUpProps {
  secret: Secret;
  onDone: (recovery: string[]) => void;
  onCancel: () => void;
}

function SetUp({ secret, onDone, onCancel }: SetUpProps) {
  const [code, setCode] = useState("");
  const confirm = useMutation({ mutationFn: () => confirmTotp(code), onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form className="factor-set-up" onSubmit={submit}>
      <Qr rows={secret.qr} label={text.qr} />
      <div>
        <p>{text.scan}</p>
        <div className="secret">
          <code>{secret.secret}</code>
          <CopyButton
            text={secret.secret}
            label={text.copySecret}
            face={messages.drawer.copy}
            className="btn"
          />
        </div>
        <label className="lbl">
          {text.code}
          <input
            className="input"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            maxLength={10}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        {confirm.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {text.wrongCode}
          </p>
        )}
        <p className="row-acts">
          <button type="button" className="btn" onClick={onCancel}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={confirm.isPending}>
            {text.turnOn}
          </button>
        </p>
      </div>
    </form>
  );
}

function Recovery({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <div aria-live="polite">
      <p>
        <b>{text.recoveryTitle}</b> {text.recoveryText}
      </p>
      <ul className="recovery">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="row-acts">
        <CopyButton
          text={codes.join("\n")}
          label={text.copyCodes}
          face={text.copyCodes}
          className="btn"
        />
        <button type="button" className="btn main" onClick={onDone}>
          {text.kept}
        </button>
      </p>
    </div>
  );
}
