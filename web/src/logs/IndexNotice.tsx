import { Icon } from "../icons/Icon.tsx";
import { useStatus } from "../shell/Seal.tsx";
import { messages } from "../text/messages.ts";

/** Lag that nobody would notice is not worth a word. */
const WORTH_SAYING_S = 3;

/**
 * Says when the search index lags or restarts; the log itself goes on. In the footer, where it has
 * its room already: a band above the rows would move them.
 */
export function IndexNotice() {
  const { data } = useStatus();
  if (!data) return null;
  const { state, lag_entries, lag_s, detail } = data.index;
  if (state === "ready" && lag_s < WORTH_SAYING_S) return null;
  if (state === "catching_up" && lag_s < WORTH_SAYING_S && lag_entries < 1000) return null;
  const words =
    state === "failed"
      ? messages.states.failed(detail)
      : state === "restarting"
        ? messages.states.restarting
        : messages.states.catchingUp(lag_entries);
  return (
    <span className="lag cut" role="status" title={words}>
      <Icon name="wait" />
      {words}
    </span>
  );
}
