import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { confirmLogin, fetchFactors } from "../api/account.ts";
import { address, onConfirmNeeded } from "../api/client.ts";
import { canUsePasskeys, confirmWithPasskey } from "../api/passkeys.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

const text = messages.account;

/** Asks again who somebody is when an act needs it; the act goes on by itself afterwards. */
export function ConfirmIdentity({ way }: { way: string }) {
  const [asked, setAsked] = useState<{ answer: (shown: boolean) => void } | null>(null);
  useEffect(() => {
    onConfirmNeeded(() => new Promise<boolean>((answer) => setAsked({ answer })));
    return () => onConfirmNeeded(null);
  }, []);
  if (asked === null) return null;
  const close = (shown: boolean) => {
    asked.answer(shown);
    setAsked(null);
  };
  if (way === "oidc") return <LogInAgain onClose={() => close(false)} />;
  return <ConfirmDialog onDone={() => close(true)} onClose={() => close(false)} />;
}

/** Who came by the identity provider has no password here, and shows again there who it is. */
function LogInAgain({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={text.confirmTitle} onClose={onClose}>
      <div className="in">
        <p>{text.confirmElsewhere}</p>
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {text.cancel}
        </button>
        <a className="btn main" href={address("v1/oidc/login")}>
          {messages.login.submit}
        </a>
      </div>
    </Dialog>
  );
}

function ConfirmDialog({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [byCode, setByCode] = useState(false);
  const [hasPasskey, setHasPasskey] = useState(false);
  const passkey = useMutation({ mutationFn: confirmWithPasskey, onSuccess: onDone });
  useEffect(() => {
    fetchFactors().then(
      (factors) => {
        setByCode(factors.totp);
        setHasPasskey(factors.passkeys > 0);
      },
      () => setByCode(false),
    );
  }, []);
  const confirm = useMutation({
    mutationFn: () => confirmLogin(byCode ? { code: typed } : { password: typed }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <Dialog title={text.confirmTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <p>{text.confirmText}</p>
          <label className="lbl">
            {byCode ? text.code : messages.login.password}
            <input
              key={byCode ? "code" : "password"}
              className="input"
              type={byCode ? "text" : "password"}
              autoComplete={byCode ? "one-time-code" : "current-password"}
              required
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          {hasPasskey && canUsePasskeys() && (
            <p>
              <button type="button" className="btn" onClick={() => passkey.mutate()}>
                <Icon name="key" />
                {text.byPasskey}
              </button>
            </p>
          )}
          {confirm.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {confirm.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={confirm.isPending}>
            {text.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
