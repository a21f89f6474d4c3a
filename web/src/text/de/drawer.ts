import type * as english from "../en/drawer.ts";
import { amountText, countText } from "../numbers.ts";

export const drawer: typeof english.drawer = {
  label: (index: number) => `Ereignis, Eintrag ${countText(index)}`,
  loading: "Das Ereignis wird gelesen …",
  entry: (index: number) => `Eintrag ${countText(index)}`,
  newer: "Voriges Ereignis der Liste",
  older: "Nächstes Ereignis der Liste",
  copyLink: "Link kopieren",
  copied: "Kopiert",
  copy: "Kopieren",
  close: "Schließen (Esc)",
  tabs: {
    event: "Ereignis",
    changes: "Änderungen",
    request: "Anfrage",
    integrity: "Integrität",
    raw: "JSON",
  },
  kept: {
    title: "Aufbewahrung",
    until: (day: string) => `Aufbewahrt bis ${day}`,
    forEver: "Für immer aufbewahrt",
  },
  field: "Feld",
  before: "Vorher",
  after: "Nachher",
  notSet: "nicht gesetzt",
  noChanges: "Dieses Ereignis nennt keine geänderten Felder.",
  contentGone: "Die geänderten Werte werden nicht mehr aufbewahrt.",
  leafHash: "Blatt-Hash",
  entryIndex: "Eintrag",
  checkpoint: "Prüfpunkt",
  proof: "Nachweis",
  proofSave: "Einschlussnachweis herunterladen",
  verifyCopy: "Befehl kopieren",
  verifyWhere:
    "Führen Sie ihn dort aus, wo der Datenordner liegt. Er prüft jeden Eintrag gegen jeden Prüfpunkt.",
  download: "Herunterladen",
  altered: "Beim Empfang gekürzte oder bereinigte Werte",
  sender: "Gemeldet von",
  missing: "Es gibt kein Ereignis mit dieser ID, oder es gehört einem anderen Mandanten.",
  parts: "Teile des Ereignisses",
  someone: "Jemand",
  late: "verspätet eingetroffen",
};

export const integrity: typeof english.integrity = {
  entry: "Eintrag",
  path: "Pfad",
  root: "Wurzel",
  witnesses: "Zeugen",
  none: "keine",
  waiting: "…",
  signed: (size: number) => `${countText(size)}, signiert`,
  checkpoint: (origin: string, size: number) =>
    `${origin}, ${amountText(size, "Eintrag", "Einträge")}`,
  checking: "Wird geprüft …",
  holds: "Pfad in diesem Browser geprüft",
  broken: "Der Pfad führt nicht zur Wurzel",
  needsHttps: "Die Prüfung im Browser braucht HTTPS",
  noProof: "Noch kein Nachweis",
};
