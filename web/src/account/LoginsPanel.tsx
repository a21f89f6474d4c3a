import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endLogin, endOtherLogins, fetchLogins, LOGINS, type Login } from "../api/account.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { momentText } from "../time/format.ts";

const text = messages.account;

/** Where one is logged in, with a way to end each. */
export function LoginsPanel({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: LOGINS,
    queryFn: ({ signal }) => fetchLogins(signal),
    staleTime: 0,
  });
  const changed = () => client.invalidateQueries({ queryKey: LOGINS });
  const end = useMutation({ mutationFn: endLogin, onSettled: changed });
  const endOthers = useMutation({ mutationFn: endOtherLogins, onSettled: changed });
  const failure = end.error ?? endOthers.error;
  const others = (query.data ?? []).filter((one) => !one.is_this).length;
  return (
    <section className="panel">
      <header>
        <h2>{text.logins}</h2>
        {others > 0 && (
          <button type="button" className="btn" onClick={() => endOthers.mutate()}>
            {text.endOthers}
          </button>
        )}
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
        <LoginTable
          logins={query.data ?? []}
          settings={settings}
          onEnd={(login) => end.mutate(login.id)}
        />
      )}
    </section>
  );
}

interface LoginTableProps {
  logins: Login[];
  settings: Settings;
  onEnd?: (login: Login) => void;
}

export function LoginTable({ logins, settings, onEnd }: LoginTableProps) {
  const when = (at: string) => momentText(Date.parse(at), settings.zone, settings.date_format);
  return (
    <table className="plain logins">
      <thead>
        <tr>
          <th scope="col">{text.device}</th>
          <th scope="col">{text.address}</th>
          <th scope="col">{text.way}</th>
          <th scope="col">{text.seen}</th>
          {onEnd && (
            <th scope="col">
              <span className="vh">{text.end}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {logins.map((login) => (
          <tr key={login.id}>
            <td>
              <OneLine text={browserOf(login.user_agent)} />
              {login.is_this && <span className="muted"> ({text.thisOne})</span>}
            </td>
            <td data-label={text.address}>
              <OneLine text={login.ip ?? text.unknown} />
            </td>
            <td data-label={text.way}>
              <OneLine text={login.way} />
            </td>
            <td data-label={text.seen}>{when(login.seen_at)}</td>
            {onEnd && (
              <td>
                {!login.is_this && (
                  <button
                    type="button"
                    className="btn quiet danger"
                    aria-label={text.endOf(browserOf(login.user_agent), when(login.seen_at))}
                    onClick={() => onEnd(login)}
                  >
                    {text.end}
                  </button>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Browser and system in short, or the whole of what the program says of itself. */
function browserOf(agent: string | null): string {
  if (!agent) return text.unknown;
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\/[\d.]+/.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  return browser && system ? `${NAMES[browser] ?? browser}, ${system}` : agent.slice(0, 60);
}

const NAMES: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
