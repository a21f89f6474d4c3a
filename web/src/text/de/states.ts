import type * as english from "../en/states.ts";
import { amountText } from "../numbers.ts";

export const states: typeof english.states = {
  noAnswer: "Der Dienst antwortet nicht.",
  answered: (status: number) => `Der Dienst antwortete mit ${status}.`,
  errorTitle: "Das Log konnte nicht gelesen werden",
  searchTitle: "Diese Suche ist nicht lesbar",
  searchHint: "Berichtigen Sie sie im Feld oben. Es wurde nichts gesucht.",
  requestId: "Anfrage-ID",
  retry: "Erneut versuchen",
  brokenTitle: "Die Seite kann nicht fortfahren",
  brokenHint:
    "Vielleicht wurde Indelible aktualisiert, seit diese Seite geladen wurde. Laden Sie sie neu; was Sie ansahen, steht in der Adresse.",
  reload: "Neu laden",
  catchingUp: (entries: number) =>
    entries > 0
      ? `Der Suchindex holt auf: noch ${amountText(entries, "Eintrag", "Einträge")}. Alles ist gespeichert und versiegelt; das Neueste fehlt hier vielleicht noch.`
      : "Der Suchindex holt auf. Alles ist gespeichert und versiegelt; das Neueste fehlt hier vielleicht noch.",
  restarting:
    "Der Suchindex startet neu. Ereignisse werden weiter gespeichert und versiegelt; die Liste ist für einen Moment vielleicht unvollständig.",
  failed: (detail: string | null) =>
    `Der Suchindex läuft nicht${detail ? `: ${detail}` : "."} Ereignisse werden weiter gespeichert und versiegelt.`,
  emptyTitle: "Hier gibt es keine Ereignisse",
  emptySearch: (text: string) => `In dieser Zeit passt nichts zu ${text}.`,
  emptyPlain: (stream: string, range: string) =>
    `Im Bereich ${stream} gibt es nichts für ${range}.`,
  nearest: "Nächstgelegene Ereignisse:",
  nowhere: "Auch zu keiner anderen Zeit gibt es in diesem Bereich solche Ereignisse.",
  without: "Ohne",
  dropSearch: "Ohne die Suche zeigen",
  zoomOut: "Ganzen Zeitraum zeigen",
  deniedTitle: "Sie dürfen das Log nicht lesen",
  deniedHint:
    "Dazu braucht es die Rolle Leser, Prüfer oder Administrator. Ein Administrator kann sie vergeben.",
  deniedAdmin: "Dazu braucht es die Rolle Administrator.",
};
