import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { invite, type OneTimeLink, type Role } from "../api/users.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { RoleFields } from "./RoleFields.tsx";
import { draftOf, ScopeFields, scopeOf } from "./ScopeFields.tsx";

const text = messages.users;

interface InviteDialogProps {
  onMade: (link: OneTimeLink) => void;
  onClose: () => void;
}

export function InviteDialog({ onMade, onClose }: InviteDialogProps) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("auditor");
  const [draft, setDraft] = useState(() => draftOf(null));
  const make = useMutation({
    mutationFn: () => invite(email.trim(), role, role === "admin" ? null : scopeOf(draft)),
    onSuccess: onMade,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog title={text.invite} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="in">
          <label className="lbl">
            {text.email}
            <input
              className="input"
              type="email"
              required
              maxLength={254}
              autoComplete="off"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </label>
          <RoleFields role={role} onChange={setRole} />
          {role !== "admin" && <ScopeFields draft={draft} onChange={setDraft} withTargets />}
          {make.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {make.error.message}
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" className="btn main" disabled={make.isPending || !email.trim()}>
            {text.invite}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
