import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { checkLink, openWithLink, type SecondStep, useKeepSession } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { go } from "../app/route.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Gate } from "./Gate.tsx";
import { SecondStepForm } from "./SecondStepForm.tsx";

const SHORTEST = 12;

/** The page behind a one-time link: `/setup#token=…`. The token stays in the fragment, never sent in an address. */
export default function SetupPage() {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
  const link = useQuery({
    queryKey: ["setup", token],
    queryFn: () => checkLink(token),
    retry: false,
    enabled: token !== "",
  });
  useEffect(() => {
    document.title = `${messages.setup.title} · ${messages.product}`;
  }, []);
  if (token === "" || link.isError) {
    const noAnswer = link.error instanceof ApiProblem && link.error.status !== 403;
    return (
      <Gate title={messages.setup.title}>
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {noAnswer ? link.error?.message : messages.setup.invalid}
        </p>
        <p>
          {messages.setup.invalidHint} <code>indelible users reset-link EMAIL</code>
        </p>
        <form onSubmit={(event) => event.preventDefault()}>
          <button type="button" className="btn" onClick={() => go("", { replace: true })}>
            {messages.setup.toLogin}
          </button>
        </form>
      </Gate>
    );
  }
  if (!link.data) {
    return (
      <Gate title={messages.setup.title}>
        <p>{messages.setup.checking}</p>
      </Gate>
    );
  }
  return <SetupForm token={token} email={link.data.email} />;
}

function SetupForm({ token, email: known }: { token: string; email: string | null }) {
  const keep = useKeepSession();
  const [email, setEmail] = useState(known ?? "");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [tooShort, setTooShort] = useState(false);
  const [step, setStep] = useState<SecondStep | null>(null);
  const save = useMutation({
    mutationFn: () => openWithLink({ token, email, name, password }),
    onSuccess: (answer) => {
      if ("step" in answer) setStep(answer);
      else enter(answer);
    },
  });
  const enter = (session: Session) => {
    keep(session);
    go("", { replace: true });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const short = Array.from(password).length < SHORTEST;
    setTooShort(short);
    if (!short) save.mutate();
  };
  const wrong = tooShort
    ? messages.setup.tooShort
    : save.error instanceof ApiProblem
      ? save.error.code === "link-invalid"
        ? messages.setup.invalid
        : save.error.detail
      : null;
  // The link is used up: who goes back logs in with the new password.
  const leave = () => go("", { replace: true });
  if (step) return <SecondStepForm step={step} onDone={enter} onBack={leave} />;
  return (
    <Gate title={messages.setup.title}>
      <p>{messages.setup.text}</p>
      <form onSubmit={submit}>
        <label className="lbl">
          {messages.login.email}
          <input
            className="input"
            type="email"
            name="email"
            autoComplete="username"
            required
            readOnly={known !== null}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        <label className="lbl">
          {messages.setup.name}
          <input
            className="input"
            name="name"
            autoComplete="name"
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label className="lbl">
          {messages.setup.password}
          <input
            className="input"
            type="password"
            name="password"
            autoComplete="new-password"
            required
            aria-invalid={tooShort}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <small>{messages.setup.passwordHint}</small>
        </label>
        {wrong && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {wrong}
          </p>
        )}
        <button type="submit" className="btn main" disabled={save.isPending}>
          {messages.setup.submit}
        </button>
      </form>
    </Gate>
  );
}
