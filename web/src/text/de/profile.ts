import type * as english from "../en/profile.ts";
import { amountText, countText } from "../numbers.ts";

export const profile: typeof english.profile = {
  titles: { actor: "Akteur", ip: "Adresse", operation: "Vorgang", target: "Ziel" },
  pageOf: (name: string) => `Seite von ${name}`,
  pages: "Seiten zu diesem Ereignis",
  events: (count: number) => amountText(count, "Ereignis", "Ereignisse"),
  failed: (count: number) => `${countText(count)} verweigert oder fehlgeschlagen`,
  seen: (first: string, last: string) => `Zuerst gesehen ${first} · Zuletzt gesehen ${last}`,
  steps: "Letzte Schritte",
  toList: "In der Liste zeigen",
  over: "Ereignisse im Verlauf",
  nothing: "Nichts im Protokoll",
  nothingHint: "Kein Ereignis nennt es, oder seine Ereignisse sind abgelaufen.",
  related: {
    operation: "Vorgänge",
    target: "Ziele",
    ip: "Adressen",
    actor: "Akteure",
    endpoint: "Endpunkte",
    outcome: "Ergebnisse",
    kind: "Arten von Akteuren",
  },
  createdBy: (who: string, when: string) => `Angelegt von ${who} am ${when}`,
  firstSeen: (who: string, when: string) => `Zuerst gesehen bei ${who} am ${when}`,
  updatedBy: (who: string, when: string) => `Zuletzt geändert von ${who} am ${when}`,
  neverUpdated: "Seither nicht geändert",
  state: "Stand",
  stateAt: (when: string) => `Stand am ${when}`,
  moment: "Zeitpunkt",
  field: "Feld",
  value: "Wert",
  setBy: "Zuletzt gesetzt von",
  noFields: "Bis dahin war kein Feld gesetzt.",
  unsure: "kann sich seither geändert haben: ein späteres Ereignis ist gelöscht",
  history: "Verlauf",
  cut: (shown: number, total: number) =>
    `Die neuesten ${countText(shown)} von ${countText(total)} Ereignissen`,
  seam: (from: string, to: string) =>
    `Zwischen ${from} und ${to} außerhalb des Protokolls geändert`,
  unsaid: (since: string) =>
    `Kein Wert davor angegeben, also ist unbekannt, ob das Feld außerhalb des Protokolls geändert wurde. Wert nach ${since}`,
  erased: "Was es geändert hat, ist gelöscht",
  notApplied: "Blieb ohne Wirkung",
  became: "wurde",
};
