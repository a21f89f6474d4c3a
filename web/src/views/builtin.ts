import type { Scope } from "../logs/scope.ts";
import { readTerms } from "../query/terms.ts";
import { stepsLink } from "../steps/link.ts";
import { PAIRS } from "../summary/Choices.tsx";
import type { messages } from "../text/messages.ts";

const LOGINS = "category:authentication (operation:*login* OR method:*login*)";

/** The questions that the product exists for, as addresses of the list or the summary. */
export const BUILT_IN: readonly { name: keyof typeof messages.views.names; address: string }[] = [
  { name: "logins", address: of({ q: LOGINS }) },
  {
    name: "failedByAddress",
    address: of({ q: `${LOGINS} has:error`, view: "summary", by: "ip" }),
  },
  {
    name: "failedByAccount",
    address: of({ q: `${LOGINS} has:error`, view: "summary", by: "actor" }),
  },
  {
    name: "newAddresses",
    address: of({ q: "first:ip", view: "summary", by: PAIRS, sort: "first" }),
  },
  { name: "periodChanges", address: of({ view: "summary", by: "changes" }) },
  {
    name: "roles",
    address: of({
      q: "category:access OR operation:*role* OR operation:*permission* OR change:role",
    }),
  },
  { name: "approvals", address: of({ q: "category:approval OR operation:*approv*" }) },
  { name: "configuration", address: of({ q: "category:configuration" }) },
  {
    name: "exports",
    address: of({ q: "category:(export OR sharing) OR operation:*export* OR operation:*shar*" }),
  },
  {
    name: "machines",
    address: of({ q: "kind:(api_key OR service OR external)" }),
  },
  { name: "people", address: of({ q: "kind:user" }) },
  { name: "denied", address: of({ q: "has:error" }) },
];

function of(parameters: Record<string, string>): string {
  return `?${new URLSearchParams({ period: "week", ...parameters })}`;
}

/** The steps page for the time that is shown, of the one actor whom the search names, if it does. */
export function dayOfSteps({ view, zone, shown }: Scope): string {
  const named = readTerms(view.q).filter(
    (term) => !term.isNegated && (term.field === "by" || term.field === "actor"),
  );
  const [only] = named;
  return stepsLink({
    actor: named.length === 1 && only ? only.value : null,
    from: new Date(shown.from).toISOString(),
    to: new Date(shown.to).toISOString(),
    tz: view.tz === null ? null : zone,
  });
}
