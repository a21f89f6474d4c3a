import { useQuery } from "@tanstack/react-query";
import {
  ACCESS,
  type AccessReview,
  accessFile,
  fetchAccess,
  type InvitedAccess,
  type KeyAccess,
  type PersonAccess,
} from "../api/access.ts";
import type { Scope } from "../api/users.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { draftOf } from "../users/ScopeFields.tsx";
import type { When } from "./GovernancePage.tsx";

const text = messages.governance.access;

/** Who can see what: people, open invitations and keys, with their last use. */
export function AccessSection({ when }: { when: When }) {
  const query = useQuery({
    queryKey: ACCESS,
    queryFn: ({ signal }) => fetchAccess(signal),
    staleTime: 0,
  });
  return (
    <section className="panel" aria-labelledby="governance-access">
      <header>
        <h2 id="governance-access">{text.title}</h2>
        <span className="muted">{query.data ? text.at(when(query.data.at)) : text.lead}</span>
        <a className="btn" href={accessFile()} download="" title={text.exportHint}>
          <Icon name="export" />
          {text.export}
        </a>
      </header>
      {query.isError ? (
        <Failure problem={query.error} retry={() => query.refetch()} />
      ) : query.data ? (
        <Tables review={query.data} when={when} />
      ) : (
        <div className="in">
          <span className="bone key-bone" />
          <span className="bone key-bone" />
        </div>
      )}
    </section>
  );
}

function Tables({ review, when }: { review: AccessReview; when: When }) {
  const head = (names: readonly string[]) => (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
  return (
    <>
      <table className="plain" aria-label={text.people}>
        {head([text.person, text.role, text.may, text.factor, text.since, text.lastUse])}
        <tbody>
          {review.people.map((one) => (
            <Person key={one.id} one={one} when={when} />
          ))}
          {review.invitations.map((one) => (
            <Invited key={one.id} one={one} when={when} />
          ))}
        </tbody>
      </table>
      {review.keys.length > 0 && (
        <table className="plain" aria-label={text.keys}>
          {head([text.key, text.kind, text.may, text.bounds, text.since, text.lastUse])}
          <tbody>
            {review.keys.map((one) => (
              <Key key={one.id} one={one} when={when} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Person({ one, when }: { one: PersonAccess; when: When }) {
  return (
    <tr className={one.active ? undefined : "off"}>
      <td className="two-lines">
        <b>
          <OneLine text={one.name || one.email} />
        </b>
        {one.name && <OneLine text={one.email} />}
      </td>
      <td data-label={text.role}>{messages.roles[one.role] ?? one.role}</td>
      <td data-label={text.may} className="may">
        {one.active ? (text.roleMay[one.role] ?? one.role) : text.closed}
        {one.scope && <Bound scope={one.scope} />}
      </td>
      <td data-label={text.factor} className="may">
        {one.factors.length === 0
          ? text.noFactor
          : one.factors.map((factor) => text.factors[factor] ?? factor).join(", ")}
        {one.issuer && one.issuer !== "scim" && (
          <>
            , <OneLine text={one.issuer} />
          </>
        )}
        {one.provisioned && <Provisioned groups={one.groups} />}
      </td>
      <td data-label={text.since}>{when(one.created_at)}</td>
      <td data-label={text.lastUse}>
        {one.last_seen_at ? when(one.last_seen_at) : messages.users.never}
      </td>
    </tr>
  );
}

/** That a directory keeps the account, and in which of its groups it is. */
function Provisioned({ groups }: { groups: string[] }) {
  return (
    <span className="bound">
      {text.provisioned}
      {groups.length > 0 && (
        <>
          : <Shown text={groups.join(", ")} />
        </>
      )}
    </span>
  );
}

function Invited({ one, when }: { one: InvitedAccess; when: When }) {
  return (
    <tr className="off">
      <td>
        <OneLine text={one.email} />
      </td>
      <td data-label={text.role}>{messages.roles[one.role] ?? one.role}</td>
      <td data-label={text.may} className="may">
        {text.nothingYet}
        {one.scope && <Bound scope={one.scope} />}
      </td>
      <td data-label={text.factor}>{messages.logs.nothing}</td>
      <td data-label={text.since}>{when(one.created_at)}</td>
      <td data-label={text.lastUse}>{text.invitedUntil(when(one.expires_at))}</td>
    </tr>
  );
}

function Key({ one, when }: { one: KeyAccess; when: When }) {
  return (
    <tr className={one.revoked_at ? "off" : undefined}>
      <td className="two-lines">
        <b>
          <OneLine text={one.name} />
        </b>
        <code>{one.id}</code>
      </td>
      <td data-label={text.kind}>{text.kindNames[one.kind]}</td>
      <td data-label={text.may} className="may">
        {one.revoked_at ? text.revoked(when(one.revoked_at)) : messages.keys.kinds[one.kind]}
        {one.scope && <Bound scope={one.scope} />}
      </td>
      <td data-label={text.bounds} className="may">
        {[one.expires_at ? text.expires(when(one.expires_at)) : text.noEnd, ...one.networks].join(
          ", ",
        )}
      </td>
      <td data-label={text.since}>{when(one.created_at)}</td>
      <td data-label={text.lastUse}>
        {one.last_used_at ? when(one.last_used_at) : messages.keys.never}
      </td>
    </tr>
  );
}

/** The part of the log that somebody or a key is bound to. */
function Bound({ scope }: { scope: Scope }) {
  const { streams, categories, sources, targets } = draftOf(scope);
  const named: [string, string][] = [
    [text.boundTo.streams, streams.map(streamName).join(", ")],
    [text.boundTo.categories, categories],
    [text.boundTo.sources, sources],
    [text.boundTo.targets, targets],
  ];
  const told = named.filter(([, value]) => value !== "");
  return (
    <span className="bound">
      {text.only} <Shown text={told.map(([name, value]) => `${name}: ${value}`).join("; ")} />
    </span>
  );
}

const streamName = (stream: string): string =>
  messages.logs.streams[stream as keyof typeof messages.logs.streams] ?? stream;
