import type * as english from "../en/exporting.ts";
import { amountText, countText } from "../numbers.ts";

const events = (count: number): string => amountText(count, "Ereignis", "Ereignisse");
const days = (count: number): string => amountText(count, "Tag", "Tage");

export const exporting: typeof english.exporting = {
  title: "Exportieren",
  counting: "Wird gezählt …",
  scope: (count: number) => `${events(count)}, diese Filter, Spalten und Zone:`,
  tab: "Bereich",
  thisTab: (name: string) => name,
  allTabs: "Alle Bereiche",
  countOf: (name: string, count: number) => `${name}, ${countText(count)}`,
  time: "Zeit",
  search: "Suche",
  noSearch: "keine",
  own: "Eigene Ereignisse",
  ownShown: "Die von Indelible selbst sind dabei",
  ownHidden: "Die von Indelible selbst fehlen, wie in der Liste",
  columns: "Spalten",
  columnSets: { standard: "Standard", list: "Wie in der Liste", all: "Alle" },
  columnHints: {
    standard:
      "Die sieben der Ansicht, dann Bereich, Kategorie, Ergebnis, Ziele, Änderungen, IDs und Hashes",
    list: (count: number) =>
      `${amountText(count, "Spalte", "Spalten")} wie in der Liste, in ihrer Reihenfolge`,
    all: "Jede Spalte, die es gibt",
  },
  columnsAll: "Jedes Feld jedes Ereignisses",
  zone: "Daten in",
  zoneUtc: "UTC, auf die Mikrosekunde",
  format: "Format",
  names: {
    csvSafe: "CSV, sicher für Tabellenprogramme",
    csvExcel: "CSV für Excel",
    csvRaw: "CSV, unverändert",
    xlsx: "Excel-Arbeitsmappe (XLSX)",
    jsonl: "JSON Lines",
    parquet: "Parquet",
    ocsf: "OCSF 1.9",
    ecs: "ECS für Elastic",
    cef: "CEF",
    evidence: "Nachweis, mit Belegen",
  },
  short: {
    csvSafe: "CSV",
    csvExcel: "CSV für Excel",
    csvRaw: "CSV, unverändert",
    xlsx: "XLSX",
    jsonl: "JSON Lines",
    parquet: "Parquet",
    ocsf: "OCSF",
    ecs: "ECS",
    cef: "CEF",
    evidence: "Nachweis",
  },
  hints: {
    csvSafe: "Zellen, die als Formel ausgeführt würden, bekommen ein ' vorangestellt.",
    csvExcel: (separator: string) =>
      `Ebenso sicher; mit ${separator === "semicolon" ? "Semikolons" : "Kommas"} und einer Marke für UTF-8.`,
    csvRaw: "Werte genau wie gespeichert. Nicht in einem Tabellenprogramm öffnen.",
    xlsx: "Jede Zelle ein Text. Nach 1.048.576 Zeilen ein neues Blatt.",
    jsonl: "Jedes Feld, ein Ereignis je Zeile. Für Programme.",
    parquet: "Spalten mit Typen für DuckDB, pandas, Spark.",
    ocsf: "Für Data Lakes und SIEMs, ein Ereignis je Zeile.",
    ecs: "Das Elastic Common Schema, ein Ereignis je Zeile.",
    cef: "Eine Zeile je Ereignis für ArcSight, QRadar, Sentinel.",
    evidence: "Lässt sich mit indelible verify ohne Netz gegen das signierte Log prüfen.",
  },
  packing: "Komprimierung",
  packings: { none: "Keine", gzip: "gzip", zstd: "zstd" },
  keep: (count: number) => `Im Hintergrund erstellen und die Datei ${days(count)} lang aufbewahren`,
  large: (most: number, count: number) =>
    `Mehr als ${events(most)}: Die Datei entsteht im Hintergrund. Sie können weiterarbeiten oder die Seite schließen; „Exporte“ im Menü zeigt den Fortschritt und bewahrt die Datei ${days(count)} lang auf.`,
  limit: (most: number) => `Sie dürfen bis zu ${events(most)} auf einmal exportieren.`,
  tooMany: (count: number, most: number) =>
    `${events(count)} sind mehr als die ${countText(most)}, die Sie auf einmal exportieren dürfen. Grenzen Sie Zeit oder Suche ein, oder fragen Sie einen Administrator.`,
  denied: (role: string) =>
    `Die Rolle ${role} darf hier keine Ereignisse exportieren. Ein Administrator kann das ändern: Einstellung export.allowed.`,
  start: "Exportieren",
  startJob: "Export beginnen",
  recorded: "Der Export wird selbst in diesem Log festgehalten.",
  started: "Der Export hat begonnen",
  startedText: (count: number) =>
    `${events(count)} werden im Hintergrund in eine Datei geschrieben. Sie können diese Seite schließen; ein Hinweis sagt, wenn die Datei fertig ist.`,
  toExports: "Alle Exporte zeigen",
};
