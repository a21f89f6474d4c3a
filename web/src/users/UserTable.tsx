import type { User } from "../api/users.ts";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import type { Act } from "./ActDialog.tsx";

const text = messages.users;

interface UserTableProps {
  /** Null while they are being read. */
  users: User[] | null;
  when: (at: string) => string;
  onAct: (act: Act) => void;
  onLink: (user: User) => void;
}

/** The accounts, each with what can be done with it. */
export function UserTable({ users, when, onAct, onLink }: UserTableProps) {
  if (users === null) {
    return (
      <div className="in">
        <span className="bone key-bone" />
        <span className="bone key-bone" />
      </div>
    );
  }
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{text.name}</th>
          <th scope="col">{text.email}</th>
          <th scope="col">{text.role}</th>
          <th scope="col">{text.created}</th>
          <th scope="col">{text.lastSeen}</th>
          <th scope="col" className="user-acts">
            <span className="vh">{text.acts}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id}>
            <td>
              <OneLine text={user.name} />{" "}
              {user.is_you && <span className="muted">({text.you})</span>}
            </td>
            <td data-label={text.email}>
              <OneLine text={user.email} />
            </td>
            <td data-label={text.role}>
              {messages.roles[user.role] ?? user.role}
              {!user.active && <span className="muted"> ({text.closed})</span>}
              {user.scope && <span className="muted"> ({text.scope.bound})</span>}
              {user.factors.length > 0 && (
                <small className="muted user-factors">
                  {user.factors.map((one) => text.factorNames[one] ?? one).join(", ")}
                </small>
              )}
              {user.provisioned && (
                <small className="muted user-factors">
                  {text.provisioned}
                  {user.groups.length > 0 && <Shown text={`: ${user.groups.join(", ")}`} />}
                </small>
              )}
            </td>
            <td data-label={text.created}>{when(user.created_at)}</td>
            <td data-label={text.lastSeen}>
              {user.last_seen_at ? when(user.last_seen_at) : text.never}
            </td>
            <td className="user-acts">
              <Acts user={user} onAct={onAct} onLink={onLink} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Acts({ user, onAct, onLink }: Pick<UserTableProps, "onAct" | "onLink"> & { user: User }) {
  const name = visible(user.name);
  const button = (label: string, onClick: () => void, tone = "") => (
    <button
      type="button"
      className={`btn quiet ${tone}`}
      aria-label={text.act(label, name)}
      onClick={onClick}
    >
      {label}
    </button>
  );
  return (
    <>
      {button(text.changeRole, () => onAct({ kind: "role", user }))}
      {user.logins > 0 &&
        !user.is_you &&
        button(text.endLogins, () => onAct({ kind: "logins", user }))}
      {user.factors.length > 0 && button(text.resetFactors, () => onAct({ kind: "factors", user }))}
      {button(text.newLink, () => onLink(user))}
      {button(text.remove, () => onAct({ kind: "remove", user }), "danger")}
    </>
  );
}
