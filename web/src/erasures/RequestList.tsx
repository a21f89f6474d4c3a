import { certificateAddress, type Erasure } from "../api/erasures.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { LeftList } from "./LeftList.tsx";

const text = messages.erasures;
const STATE_CLASS: Record<string, string> = {
  waiting: "denied",
  approved: "denied",
  removing: "denied",
  done: "ok",
  refused: "fail",
};
const STATE_ICON = { waiting: "wait", approved: "wait", removing: "task", done: "ok" } as const;

interface RequestListProps {
  requests: readonly Erasure[];
  when: (at: string) => string;
  isAdmin: boolean;
}

/** All requests, with what came of each. */
export function RequestList({ requests, when, isAdmin }: RequestListProps) {
  return (
    <section className="panel" aria-labelledby="erasure-requests">
      <header>
        <h2 id="erasure-requests">{text.requests}</h2>
      </header>
      {requests.length === 0 && <p className="in muted">{text.requestsNone}</p>}
      <ul className="request-list">
        {requests.map((one) => (
          <Request key={one.id} request={one} when={when} isAdmin={isAdmin} />
        ))}
      </ul>
    </section>
  );
}

interface RequestProps {
  request: Erasure;
  when: (at: string) => string;
  isAdmin: boolean;
}

function Request({ request, when, isAdmin }: RequestProps) {
  const { state } = request;
  const parts = Object.values(request.erased).reduce((sum, count) => sum + (count ?? 0), 0);
  const icon = STATE_ICON[state as keyof typeof STATE_ICON] ?? "none";
  return (
    <li>
      <div className="what">
        <b>
          <OneLine text={request.case} />
        </b>
        <span className={`st ${STATE_CLASS[state] ?? "none"}`}>
          <Icon name={icon} />
          {text.states[state]}
        </span>
      </div>
      <span className="muted">
        {text.reasons[request.reason]}, <Shown text={text.askedBy(request.asked_by.name)} />,{" "}
        {when(request.asked_at)}
        {state === "approved" && request.due_at && `, ${text.due(when(request.due_at))}`}
      </span>
      {(state === "done" || state === "refused") && (
        <details>
          <summary>
            {text.erased(parts)}
            {request.entries.length > 0 && `, ${text.entries(request.entries.length)}`}
          </summary>
          {request.left.length > 0 && (
            <>
              <h3>{text.stays}</h3>
              <LeftList left={request.left} />
            </>
          )}
        </details>
      )}
      <div className="acts">
        {isAdmin && state === "waiting" && (
          <Link className="btn" to="approvals">
            {text.decide}
          </Link>
        )}
        {request.has_certificate &&
          (["pdf", "json"] as const).map((form) => (
            <a
              key={form}
              className="btn"
              href={new URL(certificateAddress(request.id, form), document.baseURI).href}
              download
              aria-label={`${text.certificate} ${request.case}, ${text[form]}`}
            >
              <Icon name="export" />
              {text.certificate} {text[form]}
            </a>
          ))}
      </div>
    </li>
  );
}
