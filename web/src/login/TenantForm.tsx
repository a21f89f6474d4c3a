import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { chooseTenant, type SecondStep, type TenantStep } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { Gate } from "./Gate.tsx";
import "./tenants.css";

const text = messages.login;

interface TenantFormProps {
  step: TenantStep;
  onDone: (answer: Session | SecondStep) => void;
  onBack: () => void;
}

/** After the password, where it is right in several tenants: which log to open. */
export function TenantForm({ step, onDone, onBack }: TenantFormProps) {
  const name = useId();
  const [tenant, setTenant] = useState(step.tenants[0] ?? "");
  const choose = useMutation({
    mutationFn: () => chooseTenant(step.step, tenant),
    onSuccess: onDone,
    onError: (problem) => {
      if (problem instanceof ApiProblem && problem.code === "login-step-ended") onBack();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    choose.mutate();
  };
  return (
    <Gate title={text.whichTenant}>
      <form onSubmit={submit}>
        <fieldset className="tenant-choice">
          <legend>{text.whichTenantText}</legend>
          {step.tenants.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name={name}
                value={one}
                checked={one === tenant}
                onChange={() => setTenant(one)}
              />
              <Icon name="house" />
              <OneLine text={one} />
            </label>
          ))}
        </fieldset>
        {choose.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {choose.error instanceof ApiProblem ? choose.error.detail : messages.states.noAnswer}
          </p>
        )}
        <button type="submit" className="btn main" disabled={choose.isPending}>
          {text.open}
        </button>
        <button type="button" className="btn quiet" onClick={onBack}>
          {messages.account.cancel}
        </button>
      </form>
    </Gate>
  );
}
