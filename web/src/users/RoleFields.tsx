import type { Role } from "../api/users.ts";
import { messages } from "../text/messages.ts";

const text = messages.users;
const ROLES: readonly Role[] = ["viewer", "auditor", "admin"];

/** One of the roles, each with what it may. */
export function RoleFields({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  return (
    <fieldset className="forms">
      <legend className="lbl">{text.role}</legend>
      {ROLES.map((item) => (
        <label key={item} className="choice">
          <input type="radio" name="role" checked={role === item} onChange={() => onChange(item)} />
          <span>{messages.roles[item]}</span>
          <small>{text.roleHints[item]}</small>
        </label>
      ))}
    </fieldset>
  );
}
