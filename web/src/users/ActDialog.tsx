import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changeRole, type Role, removeUser, type User } from "../api/users.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { RoleFields } from "./RoleFields.tsx";
import { draftOf, ScopeFields, scopeOf } from "./ScopeFields.tsx";

const text = messages.users;

/** What is about to be done with an account. */
export type Act = { kind: "role"; user: User } | { kind: "remove"; user: User };

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
      else await changeRole(act.user.id, role, role === "admin" ? null : scopeOf(draft));
    },
    onSuccess: onDone,
  });
  const name = visible(act.user.name);
  const isRemoval = act.kind === "remove";
  return (
    <Dialog title={isRemoval ? text.removeTitle(name) : text.roleTitle(name)} onClose={onClose}>
      <div className="in">
        {isRemoval ? (
          <p>{text.removeText}</p>
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
          {isRemoval ? text.keep : text.cancel}
        </button>
        <button
          type="button"
          className={isRemoval ? "btn danger" : "btn main"}
          disabled={perform.isPending}
          onClick={() => perform.mutate()}
        >
          {isRemoval ? text.remove : text.confirmRole}
        </button>
      </div>
    </Dialog>
  );
}
