import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchGaps, type Gap } from "../api/gaps.ts";
import type { Retention } from "../api/retention.ts";
import { labelOf } from "../settings/names.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import type { When } from "./GovernancePage.tsx";
import { ListPanel } from "./ListPanel.tsx";

const text = messages.governance.off;
const YEAR_MS = 366 * 86_400_000;

interface OffSectionProps {
  retention: Retention;
  when: When;
}

/** The times of the last year in which a category was off, and how much was not recorded. */
export function OffSection({ retention, when }: OffSectionProps) {
  const [now] = useState(() => Date.now());
  const range = { from: new Date(now - YEAR_MS).toISOString(), to: new Date(now).toISOString() };
  const query = useQuery({
    queryKey: ["gaps", "off", range.to],
    queryFn: ({ signal }) => fetchGaps(range, signal),
  });
  const found = query.data?.gaps.filter((gap) => gap.kind === "off") ?? null;
  return (
    <ListPanel
      name="off"
      title={text.title}
      lead={text.lead}
      none={text.none}
      query={query}
      count={found?.length ?? null}
      columns={[text.category, text.from, text.to, text.skipped]}
    >
      {found?.map((gap) => (
        <Row key={`${gap.category} ${gap.from}`} gap={gap} retention={retention} when={when} />
      ))}
    </ListPanel>
  );
}

function Row({ gap, retention, when }: OffSectionProps & { gap: Gap }) {
  const category = retention.categories.find((item) => item.name === gap.category);
  return (
    <tr>
      <td>
        <OneLine text={category ? labelOf(category) : (gap.category ?? "")} />
      </td>
      <td data-label={text.from}>{when(gap.from)}</td>
      <td data-label={text.to}>{when(gap.to)}</td>
      <td data-label={text.skipped}>{messages.amounts.events(gap.skipped ?? 0)}</td>
    </tr>
  );
}
