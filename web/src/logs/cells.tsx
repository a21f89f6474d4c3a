import type { AuditEvent, Outcome, Principal } from "../api/types.ts";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";

const text = messages.logs;

export const KIND_ICONS: Record<string, IconName> = {
  user: "person",
  service: "gear",
  api_key: "key",
  external: "ext",
  system: "gear",
  task: "task",
  anonymous: "ghost",
};

export const OUTCOME_LOOKS: Record<Outcome, { look: string; icon: IconName }> = {
  success: { look: "ok", icon: "ok" },
  denied: { look: "denied", icon: "denied" },
  failure: { look: "fail", icon: "fail" },
  unknown: { look: "none", icon: "none" },
};

/** What the service says in place of somebody of whom nothing is shown. */
export const MASKED = "(masked)";

/** E-mail, else name, else id, else the account that stands for the system. */
export function actorName(actor: Principal | null | undefined, tenant: string): string {
  const name = actor?.email || actor?.name || actor?.id;
  if (name === MASKED) return text.masked;
  if (name) return name;
  const kind = actor?.kind;
  if (kind === "system" || kind === "task" || kind === "service") return `system@${tenant}`;
  return kind === "anonymous" ? text.anonymous : text.nothing;
}

/** Why a part is not there: expired or erased, and the entry that explains it. */
export interface Gone {
  how: string;
  entry: number | null;
  policy: number | null;
  reason: string | null;
}

/** How a part of an event is gone, or null when it is there or never was. */
export function gone(event: AuditEvent, part: "fact" | "person" | "content"): Gone | null {
  const state = event.state?.[part];
  if (state === null || state === undefined) return null;
  const how = typeof state === "string" ? state : state.state;
  if (how === "present" || how === "none" || how === "absent") return null;
  const explained = event.kept?.explained?.[part];
  const entry = explained?.index ?? event.explained_by?.[part];
  return {
    how: explained?.how ?? how,
    entry: entry ?? (typeof state === "string" ? null : (state.index ?? null)),
    policy: explained?.policy ?? null,
    reason: explained?.reason ?? null,
  };
}

/** "Expired (policy 7, entry 9,100)", "Erased (data subject, entry 812)". */
export function goneText({ how, entry, policy, reason }: Gone): string {
  if (how === "masked") return text.masked;
  const why =
    how === "expired"
      ? policy === null
        ? null
        : text.policy(policy)
      : reason === null
        ? null
        : (text.reasons[reason] ?? reason);
  const told = [why, entry === null ? null : text.entry(entry)].filter((one) => one !== null);
  const word = how === "expired" ? text.expired : text.erased;
  return told.length === 0 ? word : `${word} (${told.join(", ")})`;
}

export const kindOf = (event: AuditEvent): string => event.actor?.kind ?? "anonymous";

export function kindText(event: AuditEvent): string {
  if (event.actor?.on_behalf_of) return text.actsAs;
  return text.kinds[kindOf(event)] ?? kindOf(event);
}

export function kindIcon(event: AuditEvent): IconName {
  return event.actor?.on_behalf_of ? "mask" : (KIND_ICONS[kindOf(event)] ?? "person");
}

/** Who did it: icon, name, kind; for one who acts as another "A as B". */
export function Who({ event, tenant }: { event: AuditEvent; tenant: string }) {
  const kind = kindOf(event);
  const missing = gone(event, "person");
  const other = event.actor?.on_behalf_of;
  const known = event.actor?.email || event.actor?.name || event.actor?.id;
  return (
    <span className="who">
      <Icon name={kindIcon(event)} />
      {missing && !known ? (
        <span className="gone">{goneText(missing)}</span>
      ) : (
        <span className="name">
          <OneLine text={actorName(event.actor, tenant)} tail={8} />
          {other && (
            <>
              <span className="as"> {text.as} </span>
              <OneLine text={actorName(other, tenant)} tail={8} />
            </>
          )}
        </span>
      )}
      {other ? (
        <span className="vh">{text.actsAs}</span>
      ) : missing && !known ? (
        <span className="vh">{kindText(event)}</span>
      ) : (
        <span className={kind === "user" ? "kind" : "kind mark"}>{kindText(event)}</span>
      )}
    </span>
  );
}

/** Address of the origin, else the device, else a dash. */
export function addressOf(event: AuditEvent): string {
  return event.origin?.ip || event.origin?.device_id || text.nothing;
}

export function Address({ event }: { event: AuditEvent }) {
  const missing = gone(event, "person");
  if (missing && !event.origin?.ip && !event.origin?.device_id) {
    return (
      <span className="gone" title={goneText(missing)}>
        <span className="vh">{goneText(missing)}</span>
      </span>
    );
  }
  return <OneLine text={addressOf(event)} tail={8} />;
}

export const statusText = (event: AuditEvent): string =>
  event.status === null || event.status === undefined ? text.notAvailable : `${event.status}`;

/** Outcome as shape and colour, the code as text; N/A where there is no HTTP status. */
export function StatusMark({ event }: { event: AuditEvent }) {
  const outcome: Outcome = event.outcome ?? "unknown";
  const { look, icon } = OUTCOME_LOOKS[outcome] ?? OUTCOME_LOOKS.unknown;
  const word = text.outcomes[outcome] ?? text.outcomes.unknown;
  const title = statusText(event) === text.notAvailable ? `${word}, ${text.noStatus}` : word;
  return (
    <span className={`st ${look}`} title={title}>
      <Icon name={icon} />
      {statusText(event)}
      <span className="vh">{title}</span>
    </span>
  );
}

export function Plain({ value, tail }: { value: string | null | undefined; tail?: number }) {
  if (!value) return <span className="muted">{text.nothing}</span>;
  return tail === undefined ? <OneLine text={value} /> : <OneLine text={value} tail={tail} />;
}
