import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changePassword, FACTORS, fetchFactors, LOGINS } from "../api/account.ts";
import { ApiProblem } from "../api/client.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.account;
const SHORTEST = 12;

/** A new password, by who knows the present one. */
export function PasswordPanel({ email }: { email: string }) {
  const client = useQueryClient();
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const query = useQuery({
    queryKey: FACTORS,
    queryFn: ({ signal }) => fetchFactors(signal),
    staleTime: 0,
  });
  const change = useMutation({
    mutationFn: () => changePassword(current, wanted),
    onSuccess: () => {
      setCurrent("");
      setWanted("");
      client.invalidateQueries({ queryKey: LOGINS });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <section className="panel" aria-labelledby="account-password">
      <header>
        <h2 id="account-password">{text.password}</h2>
      </header>
      {query.data && !query.data.password ? (
        <p className="in muted">{text.passwordElsewhere}</p>
      ) : (
        <form className="in new-password" onSubmit={submit}>
          <p className="lead">{text.passwordLead}</p>
          {/* Managers of passwords ask whose it is. */}
          <input type="hidden" autoComplete="username" value={email} readOnly />
          <label className="lbl">
            {text.currentPassword}
            <input
              className="input"
              type="password"
              autoComplete="current-password"
              required
              maxLength={1000}
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </label>
          <label className="lbl">
            {text.newPassword}
            <input
              className="input"
              type="password"
              autoComplete="new-password"
              required
              minLength={SHORTEST}
              maxLength={1000}
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
            <small>{messages.setup.passwordHint}</small>
          </label>
          {change.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {isWrong(change.error) ? text.wrongPassword : change.error.message}
            </p>
          )}
          {change.isSuccess && (
            <p className="st ok" role="status">
              <Icon name="ok" />
              {text.passwordChanged(change.data)}
            </p>
          )}
          <p className="row-acts">
            <button type="submit" className="btn" disabled={change.isPending}>
              {text.changePassword}
            </button>
          </p>
        </form>
      )}
    </section>
  );
}

const isWrong = (error: Error): boolean =>
  error instanceof ApiProblem && error.code === "invalid-credentials";
