import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { endLoginsOf, resetFactors } from "../api/account.ts";
import { changeRole, type Role, removeUser, type User } from "../api/users.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { RoleFields } from "./RoleFields.tsx";
import { draftOf, ScopeFields, scopeOf } from "./ScopeFields.tsx";

const text = messages.users;

/** What is about to be done with an account. */
export type Act = { kind: "role" | "remove" | "logins" | "factors"; user: User };

interface ActDialogProps {
  act: Act;
  onDone: () => void;
  onClose: () => void;
}

/** Says what an act means before it is done. */
export function ActDialog({ act, onDone, onClose }: ActDialogProps) {
  const [role, setRole] = useState<Role>(act.user.role as Role);
  const [draft, setDraft] = useState(() => draftOf(act.user.scope));
  const perform = useMutation({
    mutationFn: async () => {
      if (act.kind === "remove") await removeUser(act.user.id);
      else if (act.kind === "logins") await endLoginsOf(act.user.id);
      else if (act.kind === "factors") await resetFactors(act.user.id);
      else await changeRole(act.user.id, role, role === "admin" ? null : scopeOf(draft));
    },
    onSuccess: onDone,
  });
  const name = visible(act.user.name);
  const isRole = act.kind === "role";
  const said = {
    role: { title: text.roleTitle(name), words: "", act: text.confirmRole },
    remove: { title: text.removeTitle(name), words: text.removeText, act: text.remove },
    logins: { title: text.loginsTitle(name), words: text.loginsText, act: text.endLogins },
    factors: { title: text.factorsTitle(name), words: text.factorsText, act: text.resetFactors },
  }[act.kind];
  return (
    <Dialog title={said.title} onClose={onClose}>
      <div className="in">
        {!isRole ? (
          <p>{said.words}</p>
        ) : (
          <>
            <RoleFields role={role} onChange={setRole} />
            {role !== "admin" && <ScopeFields draft={draft} onChange={setDraft} withTargets />}
          </>
        )}
        {perform.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {perform.error.message}
          </p>
        )}
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {act.kind === "remove" ? text.keep : text.cancel}
        </button>
        <button
          type="button"
          className={isRole ? "btn main" : "btn danger"}
          disabled={perform.isPending}
          onClick={() => perform.mutate()}
        >
          {said.act}
        </button>
      </div>
    </Dialog>
  );
}
