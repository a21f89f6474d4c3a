import { amountText } from "../numbers.ts";

export const states = {
  noAnswer: "The service does not answer.",
  answered: (status: number) => `The service answered ${status}.`,
  errorTitle: "The log could not be read",
  searchTitle: "This search cannot be read",
  searchHint: "Correct it in the box above. Nothing was searched.",
  requestId: "Request id",
  retry: "Try again",
  brokenTitle: "The screen cannot go on",
  brokenHint:
    "Indelible may have been updated since this page was loaded. Load it again; what you were looking at is in the address.",
  reload: "Load again",
  catchingUp: (entries: number) =>
    entries > 0
      ? `The search index is catching up: ${amountText(entries, "entry", "entries")} behind. Everything is stored and sealed; the newest may not show yet.`
      : "The search index is catching up. Everything is stored and sealed; the newest may not show yet.",
  restarting:
    "The search index is restarting. Events are still stored and sealed; the list may be incomplete for a moment.",
  failed: (detail: string | null) =>
    `The search index does not run${detail ? `: ${detail}` : "."} Events are still stored and sealed.`,
  emptyTitle: "No events here",
  emptySearch: (text: string) => `Nothing in this time matches ${text}.`,
  emptyPlain: (stream: string, range: string) => `The ${stream} tab has nothing for ${range}.`,
  nearest: "Nearest events:",
  nowhere: "This tab has no such events at any other time either.",
  without: "Without",
  dropSearch: "Show without the search",
  zoomOut: "Show the whole period",
  deniedTitle: "You may not read the log",
  deniedHint: "This needs the role Viewer, Auditor or Administrator. An administrator can give it.",
  deniedAdmin: "This needs the role Administrator.",
};
