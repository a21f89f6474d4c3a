import type * as english from "../en/status.ts";
import { amountText, countText } from "../numbers.ts";

export const status: typeof english.status = {
  title: "Status",
  lead: "Wie es dem Dienst geht: sein Log, der Suchindex, die Prüfung des eigenen Hauptbuchs, die Platte und die Programme, die Ereignisse senden.",
  marks: { ok: "Gut:", denied: "Ansehen:", fail: "Fehler:" },
  log: "Log",
  origin: "Ursprung",
  size: "Größe",
  checkpoint: "Letzter Prüfpunkt",
  checkpointAt: (size: number, ago: string) => `${amountText(size, "Eintrag", "Einträge")}, ${ago}`,
  unsigned: "Noch nicht signiert",
  queue: "Wartet auf Speicherung",
  queueOf: (count: number, limit: number) =>
    `${amountText(count, "Ereignis", "Ereignisse")} (Grenze ${countText(limit)})`,
  version: "Version",
  index: "Suchindex",
  state: "Zustand",
  indexStates: {
    ready: "Bereit",
    catching_up: "Holt auf",
    restarting: "Startet neu",
    failed: "Ausgefallen",
  },
  indexed: "Indiziert",
  lag: "Rückstand",
  lagOf: (entries: number, seconds: number) =>
    entries === 0
      ? "keiner"
      : `${amountText(entries, "Eintrag", "Einträge")}, ${amountText(Math.ceil(seconds), "Sekunde", "Sekunden")}`,
  restarts: "Neu gestartet",
  memory: "Speicher",
  memoryOf: (service: string, index: string) => `Dienst ${service}, Index ${index}`,
  detail: "Einzelheit",
  alert: "Warnung",
  check: "Prüfung des Hauptbuchs",
  checkStates: {
    waiting: "Beginnt eine Minute nach dem Start",
    running: "Läuft",
    sound: "Alles stimmt",
    fault: "Etwas stimmt nicht",
  },
  lastCheck: "Letzte ganze Prüfung",
  checkedAt: (size: number, when: string) => `${amountText(size, "Eintrag", "Einträge")}, ${when}`,
  round: "Geprüft in diesem Durchgang",
  every: "Beginnt erneut nach",
  fault: "Fehler",
  faultAt: (entry: number | null, what: string) =>
    entry === null
      ? `${what}. Führen Sie „indelible verify“ aus.`
      : `Eintrag ${countText(entry)}: ${what}. Führen Sie „indelible verify“ aus.`,
  disk: "Platte",
  used: "Belegt",
  ledgerSize: "Davon das Log",
  indexSize: "Davon der Index",
  free: "Frei",
  freeOf: (free: string, total: string) => `${free} von ${total}`,
  perDay: "Wächst am Tag um",
  full: "Voll",
  fullIn: (days: number) => `in ${amountText(days, "Tag", "Tagen")}`,
  notSoon: "nicht absehbar",
  unknown: "unbekannt",
  sources: "Quellen",
  sourcesOf: (days: number) =>
    `Programme, die in den letzten ${amountText(days, "Tag", "Tagen")} Ereignisse sandten`,
  sourcesNone: (days: number) =>
    `In den letzten ${amountText(days, "Tag", "Tagen")} wurde nichts gesandt.`,
  sourcesUnknown: "Der Suchindex antwortet gerade nicht.",
  source: "Quelle",
  last: "Letztes Ereignis",
  eventsOf: (days: number) => `Ereignisse in ${amountText(days, "Tag", "Tagen")}`,
  instances: "Instanzen",
  missing: "Fehlt in der Folge",
  unnumbered: "nicht nummeriert",
  expiry: "Ablaufen",
  lastSweep: "Letzter Durchgang",
  lastRemoval: "Zuletzt entfernt",
  removedAt: (events: number, when: string) =>
    `${amountText(events, "Ereignis", "Ereignisse")}, ${when}`,
  clock: "Uhr",
  toSettings: "Einstellungen",
};
