import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { logIn, type SecondStep, type TenantStep, useKeepSession } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Gate } from "./Gate.tsx";
import { MoreWays } from "./MoreWays.tsx";
import { SecondStepForm } from "./SecondStepForm.tsx";
import { TenantForm } from "./TenantForm.tsx";

/** Browsers keep our cookie only on HTTPS, or on the machine itself. */
export function cookieWillBeKept(): boolean {
  if (location.protocol === "https:") return true;
  return /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(location.hostname);
}

function wrongText(problem: unknown): string {
  if (!(problem instanceof ApiProblem)) return messages.states.noAnswer;
  if (problem.status === 401) return messages.login.wrong;
  if (problem.status === 429) return messages.login.wait(problem.retryAfter ?? 60);
  return problem.detail;
}

interface LoginPageProps {
  /** Whether a session has just ended by itself. */
  ended: boolean;
  onLogin: () => void;
}

export default function LoginPage({ ended, onLogin }: LoginPageProps) {
  const keep = useKeepSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [refused] = useState(() => new URLSearchParams(location.hash.slice(1)).get("refused"));
  const [step, setStep] = useState<SecondStep | TenantStep | null>(null);
  const attempt = useMutation({
    mutationFn: () => logIn(email, password),
    onSuccess: (answer) => goOn(answer),
  });
  const goOn = (answer: Session | SecondStep | TenantStep) => {
    if ("step" in answer) setStep(answer);
    else enter(answer);
  };
  const enter = (session: Session) => {
    onLogin();
    keep(session);
  };
  useEffect(() => {
    document.title = `${messages.login.title} · ${messages.product}`;
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  if (step && "tenants" in step) {
    return <TenantForm step={step} onDone={goOn} onBack={() => setStep(null)} />;
  }
  if (step) return <SecondStepForm step={step} onDone={enter} onBack={() => setStep(null)} />;
  return (
    <Gate title={messages.login.title}>
      {refused && (
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {messages.login.refused[refused] ?? messages.login.refusedOther}
        </p>
      )}
      {ended && <p>{messages.login.expired}</p>}
      {!cookieWillBeKept() && <p className="warnbox">{messages.login.plainHttp}</p>}
      <form onSubmit={submit}>
        <label className="lbl">
          {messages.login.email}
          <input
            className="input"
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        <label className="lbl">
          {messages.login.password}
          <input
            className="input"
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        {attempt.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {wrongText(attempt.error)}
          </p>
        )}
        <button type="submit" className="btn main" disabled={attempt.isPending}>
          {messages.login.submit}
        </button>
      </form>
      <MoreWays onDone={enter} />
      <p className="below">
        {messages.login.lost} <code>indelible users reset-link EMAIL</code>.
      </p>
    </Gate>
  );
}
