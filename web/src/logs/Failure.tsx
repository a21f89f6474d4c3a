import { ApiProblem } from "../api/client.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

interface FailureProps {
  problem: unknown;
  /** Whether a search text was sent, so that a refusal is about that text. */
  isSearch?: boolean;
  retry: () => void;
}

/** What stands where the rows would be when they could not be read. */
export function Failure({ problem, isSearch, retry }: FailureProps) {
  const known = problem instanceof ApiProblem ? problem : null;
  // The mistake itself is marked above, under the search box.
  if (isSearch && known?.status === 400) {
    return (
      <div className="state">
        <Icon name="search" className="big" />
        <h2>{messages.states.searchTitle}</h2>
        <p>{known.hint ?? messages.states.searchHint}</p>
      </div>
    );
  }
  const isDenied = known?.status === 403;
  return (
    <div className="state" role="alert">
      <Icon name={isDenied ? "seal" : "denied"} className="big" />
      <h2>{isDenied ? messages.states.deniedTitle : messages.states.errorTitle}</h2>
      <p>{known ? known.detail : messages.states.noAnswer}</p>
      {isDenied && <p>{known.hint ?? messages.states.deniedHint}</p>}
      {!isDenied && known?.hint && <p>{known.hint}</p>}
      {known?.requestId && (
        <p className="muted">
          {messages.states.requestId} <code>{known.requestId}</code>
        </p>
      )}
      <div className="acts">
        <button type="button" className="btn" onClick={retry}>
          <Icon name="task" />
          {messages.states.retry}
        </button>
      </div>
    </div>
  );
}
