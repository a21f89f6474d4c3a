import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import {
  fetchUsers,
  type Invitation,
  makeLink,
  type OneTimeLink,
  USERS,
  type User,
  withdrawInvitation,
} from "../api/users.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";
import { type Act, ActDialog } from "./ActDialog.tsx";
import { InviteDialog } from "./InviteDialog.tsx";
import { LinkPanel } from "./LinkPanel.tsx";
import { UserTable } from "./UserTable.tsx";
import "./users.css";

const text = messages.users;

/** Main menu → Administration → Users. */
export default function UsersPage({ session, top }: { session: Session; top: Top }) {
  const client = useQueryClient();
  const [inviting, setInviting] = useState(false);
  const [act, setAct] = useState<Act | null>(null);
  const [link, setLink] = useState<OneTimeLink | null>(null);
  const isAdmin = session.person.role === "admin";
  const query = useQuery({
    queryKey: USERS,
    queryFn: ({ signal }) => fetchUsers(signal),
    staleTime: 0,
    enabled: isAdmin,
  });
  const changed = () => client.invalidateQueries({ queryKey: USERS });
  const relink = useMutation({ mutationFn: (user: User) => makeLink(user.id), onSuccess: setLink });
  const withdraw = useMutation({ mutationFn: withdrawInvitation, onSettled: changed });
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  if (!isAdmin) {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", messages.states.deniedAdmin, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  const when = (at: string) =>
    momentText(Date.parse(at), session.settings.zone, session.settings.date_format);
  const failure = relink.error ?? withdraw.error;
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column wide">
          <p className="lead">{text.lead}</p>
          {link && <LinkPanel link={link} onDone={() => setLink(null)} />}
          <section className="panel">
            <header>
              <h2>{text.title}</h2>
              <button type="button" className="btn main" onClick={() => setInviting(true)}>
                <Icon name="plus" />
                {text.invite}
              </button>
            </header>
            {failure && (
              <p className="wrong in" role="alert">
                <Icon name="fail" />
                {failure.message}
              </p>
            )}
            {query.isError ? (
              <Failure problem={query.error} retry={() => query.refetch()} />
            ) : (
              <UserTable
                users={query.data?.users ?? null}
                when={when}
                onAct={setAct}
                onLink={(user) => relink.mutate(user)}
              />
            )}
          </section>
          {query.data && query.data.invitations.length > 0 && (
            <Invitations
              invitations={query.data.invitations}
              when={when}
              onWithdraw={(one) => withdraw.mutate(one.id)}
            />
          )}
        </div>
      </div>
      {inviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onMade={(made) => {
            setInviting(false);
            setLink(made);
            changed();
          }}
        />
      )}
      {act && (
        <ActDialog
          act={act}
          onClose={() => setAct(null)}
          onDone={() => {
            setAct(null);
            changed();
          }}
        />
      )}
    </>
  );
}

interface InvitationsProps {
  invitations: Invitation[];
  when: (at: string) => string;
  onWithdraw: (one: Invitation) => void;
}

function Invitations({ invitations, when, onWithdraw }: InvitationsProps) {
  return (
    <section className="panel">
      <header>
        <h2>{text.invitations}</h2>
      </header>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{text.email}</th>
            <th scope="col">{text.role}</th>
            <th scope="col">{text.expires}</th>
            <th scope="col">
              <span className="vh">{text.withdraw}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {invitations.map((one) => (
            <tr key={one.id}>
              <td>
                <OneLine text={one.email} />
              </td>
              <td data-label={text.role}>
                {messages.roles[one.role] ?? one.role}
                {one.scope && <span className="muted"> ({text.scope.bound})</span>}
              </td>
              <td data-label={text.expires}>{when(one.expires_at)}</td>
              <td>
                <button
                  type="button"
                  className="btn quiet danger"
                  aria-label={text.withdrawOf(one.email)}
                  onClick={() => onWithdraw(one)}
                >
                  {text.withdraw}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
