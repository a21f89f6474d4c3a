import type { AuditEvent } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { type Of, profileAddress } from "./address.ts";
import "./profile.css";

const text = messages.profile;

/** From an event to the pages of who, from where, what, and on what. */
export function ProfileLinks({ event }: { event: AuditEvent }) {
  const actor = event.actor?.email || event.actor?.name || event.actor?.id;
  const pages: { of: Of; value: string; type?: string | null; name: string }[] = [];
  if (actor) pages.push({ of: "actor", value: actor, name: actor });
  if (event.origin?.ip) pages.push({ of: "ip", value: event.origin.ip, name: event.origin.ip });
  if (event.operation)
    pages.push({ of: "operation", value: event.operation, name: event.operation });
  for (const target of event.targets ?? []) {
    if (!target.id) continue;
    const name = target.name || `${target.type ?? ""} ${target.id}`.trim();
    pages.push({ of: "target", value: target.id, type: target.type ?? null, name });
  }
  return (
    <nav className="profile-links" aria-label={text.pages}>
      {pages.map((page) => (
        <Link
          key={`${page.of} ${page.type} ${page.value}`}
          to={profileAddress(page.of, page.value, page.type)}
        >
          <span className="muted">{text.titles[page.of]}</span> <OneLine text={page.name} />
        </Link>
      ))}
    </nav>
  );
}
