import type * as english from "../en/exporting.ts";
import { amountText } from "../numbers.ts";

export const exporting: typeof english.exporting = {
  title: "Exportieren",
  counting: "Wird gezählt …",
  scope: (count: number) =>
    `${amountText(count, "Ereignis", "Ereignisse")}, diese Filter, Spalten und Zone:`,
  tab: "Bereich",
  time: "Zeit",
  search: "Suche",
  noSearch: "keine",
  columns: "Spalten",
  columnsText:
    "Die sieben der Ansicht, dann Bereich, Kategorie, Ergebnis, Ziele, Änderungen, IDs und Hashes",
  zone: "Daten in",
  csvSafe: "CSV, sicher für Tabellenprogramme",
  csvSafeHint: "Zellen, die als Formel ausgeführt würden, bekommen ein ' vorangestellt.",
  csvRaw: "CSV, unverändert",
  csvRawHint: "Werte genau wie gespeichert. Nicht in einem Tabellenprogramm öffnen.",
  jsonl: "JSON Lines",
  jsonlHint:
    "Jedes Feld jedes Ereignisses, eines je Zeile. Die Form, die als Beleg aufbewahrt wird.",
  format: "Format",
  start: "Exportieren",
  recorded: "Der Export wird selbst in diesem Log festgehalten.",
};
