import { useInfiniteQuery } from "@tanstack/react-query";
import { fetchHistory, HISTORY, type PastPolicy } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { Failure } from "../logs/Failure.tsx";
import { ChangeList } from "../settings/ChangeList.tsx";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine, Shown } from "../text/Shown.tsx";
import { EntryLink } from "./EntryLink.tsx";
import type { When } from "./GovernancePage.tsx";

const text = messages.governance.history;

/** Every version of the policy, newest first: who, when, what before and after, and its entry. */
export function HistorySection({ format, when }: { format: DateFormat; when: When }) {
  const query = useInfiniteQuery({
    queryKey: HISTORY,
    queryFn: ({ pageParam, signal }) => fetchHistory(pageParam, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.more ? (last.policies.at(-1)?.version ?? null) : null),
    staleTime: 0,
  });
  const policies = query.data?.pages.flatMap((page) => page.policies) ?? null;
  return (
    <section className="panel" aria-labelledby="governance-history">
      <header>
        <h2 id="governance-history">{text.title}</h2>
        <span className="muted">{text.lead}</span>
      </header>
      {query.isError ? (
        <Failure problem={query.error} retry={() => query.refetch()} />
      ) : policies === null ? (
        <div className="in">
          <span className="bone key-bone" />
        </div>
      ) : (
        <table className="plain history" aria-labelledby="governance-history">
          <thead>
            <tr>
              <th scope="col" className="c-version">
                {text.version}
              </th>
              <th scope="col" className="c-when">
                {text.saved}
              </th>
              <th scope="col" className="c-who">
                {text.by}
              </th>
              <th scope="col">{text.changes}</th>
              <th scope="col" className="c-who">
                {messages.retention.preview.reason}
              </th>
              <th scope="col" className="c-day">
                {text.effective}
              </th>
              <th scope="col" className="c-entry">
                {text.entry}
              </th>
            </tr>
          </thead>
          <tbody>
            {policies.map((policy) => (
              <Row key={policy.version} policy={policy} format={format} when={when} />
            ))}
          </tbody>
        </table>
      )}
      {query.hasNextPage && (
        <div className="more">
          <button
            type="button"
            className="btn"
            disabled={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            {text.older}
          </button>
        </div>
      )}
    </section>
  );
}

function Row({ policy, format, when }: { policy: PastPolicy; format: DateFormat; when: When }) {
  return (
    <tr>
      <td>
        <b className="only-card">{text.version} </b>
        {countText(policy.version)}
      </td>
      <td data-label={text.saved}>
        {policy.saved_at ? when(policy.saved_at) : dayText(policy.day, format)}
      </td>
      <td data-label={text.by}>
        <OneLine text={policy.saved_by ?? text.service} />
      </td>
      <td data-label={text.changes} className="wraps">
        {policy.withdraws !== null && <p>{text.withdraws(policy.withdraws)}</p>}
        {policy.version === 1 && policy.changes.length > 0 && <p>{text.preset}</p>}
        {policy.changes.length > 0 ? (
          <ChangeList changes={policy.changes} />
        ) : (
          policy.withdraws === null && text.first
        )}
      </td>
      <td data-label={messages.retention.preview.reason} className="wraps">
        {policy.reason ? <Shown text={policy.reason} /> : messages.logs.nothing}
      </td>
      <td data-label={text.effective}>{dayText(policy.effective_day, format)}</td>
      <td data-label={text.entry}>
        <EntryLink index={policy.index} />
      </td>
    </tr>
  );
}
