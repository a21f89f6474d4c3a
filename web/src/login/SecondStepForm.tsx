import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { canUsePasskeys, logInWithPasskey } from "../api/passkeys.ts";
import { type SecondStep, showFactor } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Gate } from "./Gate.tsx";

const text = messages.account;

interface SecondStepFormProps {
  step: SecondStep;
  onDone: (session: Session) => void;
  onBack: () => void;
}

/** After the password: a code of the authenticator, or a recovery code. */
export function SecondStepForm({ step, onDone, onBack }: SecondStepFormProps) {
  const [code, setCode] = useState("");
  const show = useMutation({
    mutationFn: () => showFactor(step.step, code.trim()),
    onSuccess: onDone,
    onError: (problem) => {
      if (problem instanceof ApiProblem && problem.code === "login-step-ended") onBack();
    },
  });
  const passkey = useMutation({ mutationFn: logInWithPasskey, onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    show.mutate();
  };
  return (
    <Gate title={text.secondStep}>
      <form onSubmit={submit}>
        <p>{text.secondText}</p>
        <label className="lbl">
          {text.code}
          <input
            className="input"
            name="code"
            autoComplete="one-time-code"
            required
            maxLength={40}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        {show.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {show.error instanceof ApiProblem && show.error.status === 429
              ? messages.login.wait(show.error.retryAfter ?? 60)
              : text.wrongCode}
          </p>
        )}
        <button type="submit" className="btn main" disabled={show.isPending}>
          {messages.login.submit}
        </button>
        {step.ways.includes("passkey") && canUsePasskeys() && (
          <button type="button" className="btn" onClick={() => passkey.mutate()}>
            {text.byPasskey}
          </button>
        )}
        <button type="button" className="btn quiet" onClick={onBack}>
          {text.cancel}
        </button>
      </form>
    </Gate>
  );
}
