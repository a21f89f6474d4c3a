import { useQuery } from "@tanstack/react-query";
import { fetchWaiting, WAITING } from "../api/approvals.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";

/** How many requests wait for this person, beside the entry of the menu; nothing for none. */
export function WaitingBadge() {
  const { data } = useQuery({
    queryKey: WAITING,
    queryFn: ({ signal }) => fetchWaiting(signal),
    refetchInterval: 60_000,
    retry: false,
  });
  if (!data?.to_decide) return null;
  return (
    <span className="badge">
      <span aria-hidden="true">{countText(data.to_decide)}</span>
      <span className="vh">{messages.approvals.badge(data.to_decide)}</span>
    </span>
  );
}
