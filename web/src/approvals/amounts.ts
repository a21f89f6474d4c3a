import type { Approval } from "../api/approvals.ts";
import type { PolicyChange } from "../api/retention.ts";
import { doubtText } from "../settings/ClockNote.tsx";
import { messages } from "../text/messages.ts";

/** The changes of a policy that a request is for; other kinds have none. */
export const changesOf = ({ numbers }: Approval): PolicyChange[] =>
  Array.isArray(numbers.changes) ? (numbers.changes as PolicyChange[]) : [];

/** The numbers of a request that can be shown as they are, in the order they came. */
export function numbersOf(
  { numbers, kind }: Approval,
  when: (at: string) => string,
): [string, string | number][] {
  if (kind === "clock") return clockOf(numbers, when);
  const reasons = messages.erasures.reasons;
  return Object.entries(numbers).flatMap(([name, value]): [string, string | number][] => {
    if (typeof value === "number") return [[name, value]];
    if (typeof value !== "string") return [];
    return [[name, kind === "erasure" && name === "reason" ? (reasons[value] ?? value) : value]];
  });
}

function clockOf(
  { clock, last_sweep, doubt, seconds }: Record<string, unknown>,
  when: (at: string) => string,
): [string, string][] {
  const told = doubtText({
    doubt: doubt === "behind" || doubt === "pause" ? doubt : "jump",
    seconds: Number(seconds),
  });
  const swept: [string, string][] = last_sweep ? [["last_sweep", when(String(last_sweep))]] : [];
  return [["clock", when(String(clock))], ...swept, ["doubt", told]];
}

/** How many parts an erasure takes. */
export function partsOf({ numbers }: Approval): number {
  return ["fact", "person", "content"].reduce(
    (sum, name) => sum + (typeof numbers[name] === "number" ? (numbers[name] as number) : 0),
    0,
  );
}
