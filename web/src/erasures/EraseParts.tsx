import { useQueryClient } from "@tanstack/react-query";
import { SESSION } from "../api/session.ts";
import type { AuditEvent, Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { messages } from "../text/messages.ts";

/** From an event to the request to erase parts of it; for administrators. */
export function EraseParts({ event }: { event: AuditEvent }) {
  const session = useQueryClient().getQueryData<Session | null>(SESSION);
  if (session?.person.role !== "admin") return null;
  return (
    <p className="block erase-parts">
      <Link to={`settings?tab=erasures&entries=${event.index}`}>{messages.erasures.erasePart}</Link>
    </p>
  );
}
