import type * as english from "../en/redaction.ts";
import { amountText } from "../numbers.ts";

export const redaction: typeof english.redaction = {
  tab: "Schwärzung",
  title: "Geltende Regeln",
  lead: "Geschwärzt wird, bevor ein Ereignis gespeichert wird: Geschwärztes stand nie im Log.",
  state: "Schwärzung",
  on: (mask: string) => `An: ein geschwärzter Wert liest sich ${mask}`,
  off: "Aus: Ereignisse werden gespeichert, wie sie ankommen",
  builtIn: "Eingebaut",
  looks:
    "Tokens, Schlüssel, Kartennummern und Passwörter in Adressen werden an ihrem Aussehen erkannt. Felder mit diesen Namen werden überall geschwärzt:",
  keys: "Weitere Namen",
  paths: "Stellen",
  patterns: "Muster",
  keep: "Bleibt lesbar",
  hash: "SHA-256 der Regeln",
  where:
    "Gesetzt werden die Regeln in indelible.toml (Gruppe redact), von dem, der den Dienst betreibt. Jeder Start des Dienstes ist ein Ereignis, das ihren Hash nennt; das SDK schwärzt nach denselben Regeln, bevor es sendet.",
  try: "Ein Ereignis ausprobieren",
  tryLead: "Nichts wird gespeichert.",
  event: "Ein Ereignis als JSON",
  notJson: "Das ist kein JSON-Objekt.",
  tryButton: "Zeigen, was geschwärzt würde",
  nothing: "Nichts würde geschwärzt.",
  masked: (count: number) =>
    `${amountText(count, "Stelle", "Stellen")} ${count === 1 ? "würde" : "würden"} geschwärzt:`,
};
