import { useQuery } from "@tanstack/react-query";
import { fetchStatus } from "../api/log.ts";
import { useNow } from "../controls/clock.ts";
import { isEmbedded } from "../embed/mode.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { agoText } from "../time/format.ts";

const ASK_EVERY_MS = 5000;

/** The one thing an open page asks for again and again; it reads no event and records none. */
export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => fetchStatus(signal),
    // The state of the whole log is nothing that a viewer of a part of it is told.
    enabled: !isEmbedded,
    refetchInterval: ASK_EVERY_MS,
    refetchIntervalInBackground: false,
    refetchOnWindowFocus: true,
    staleTime: ASK_EVERY_MS,
    retry: false,
  });
}

/** Says that the log is sealed, how large it is, and how old its last checkpoint is. */
export function Seal() {
  const { data } = useStatus();
  const now = useNow(5000);
  if (!data) return <span className="seal wait only-wide" aria-hidden="true" />;
  const text = messages.seal;
  const { checkpoint, witnesses } = data.ledger;
  if (!checkpoint) {
    return (
      <span className="seal wait" title={text.noCheckpoint}>
        <Icon name="seal" />
        <b>{text.open}</b>
      </span>
    );
  }
  const title = witnesses > 0 ? text.titleWitnessed : text.title;
  return (
    <span className="seal" title={title(checkpoint.size)}>
      <Icon name="seal" />
      <b>{text.sealed}</b>
      <span className="size">{text.entries(checkpoint.size)}</span>
      <span className="wide">{text.checked(agoText(Date.parse(checkpoint.time), now))}</span>
      <span className="size">{witnesses > 0 ? text.witnesses(witnesses) : text.unwitnessed}</span>
    </span>
  );
}
