import type { AuditEvent, Target } from "../api/types.ts";
import { actorName, gone } from "../logs/cells.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { cutMiddle } from "../text/visible.ts";

const text = messages.event;
const LONGEST = 120;

function targetName(target: Target): string {
  return [target.type, target.name || target.id].filter(Boolean).join(" ");
}

function short(value: string): string {
  return cutMiddle(value, LONGEST);
}

/** The event as one sentence: "Ana Keller did AssignRole on profile Depot north, and was denied (403)." */
export function Sentence({ event, tenant }: { event: AuditEvent; tenant: string }) {
  const { actor } = event;
  const missing = gone(event, "person");
  const who =
    actor?.name ||
    (missing && !actor?.email && !actor?.id ? messages.drawer.someone : actorName(actor, tenant));
  const other = actor?.on_behalf_of;
  const [first, ...rest] = (event.targets ?? []).filter((target) => targetName(target) !== "");
  const code = event.status === null || event.status === undefined ? "" : ` (${event.status})`;
  return (
    <p className="say">
      <b>
        <Shown text={short(who)} />
      </b>
      {other && (
        <b>
          <Shown text={text.as(short(other.name || actorName(other, tenant)))} />
        </b>
      )}{" "}
      {text.did}{" "}
      <b>
        <Shown text={short(event.operation)} />
      </b>
      {first && (
        <>
          {" "}
          {text.on}{" "}
          <b>
            <Shown text={short(targetName(first))} />
          </b>
        </>
      )}
      {rest.length > 0 && text.more(rest.length)}
      {text.endings[event.outcome ?? "unknown"]?.(code) ?? "."}
    </p>
  );
}
