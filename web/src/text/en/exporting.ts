import { amountText } from "../numbers.ts";

export const exporting = {
  title: "Export",
  counting: "Counting…",
  scope: (count: number) => `${amountText(count, "event")}, these filters, columns, zone:`,
  tab: "Tab",
  time: "Time",
  search: "Search",
  noSearch: "none",
  columns: "Columns",
  columnsText:
    "The seven of the screen, then stream, category, outcome, targets, changes, ids and hashes",
  zone: "Dates in",
  csvSafe: "CSV, safe for spreadsheets",
  csvSafeHint: "Cells that a spreadsheet would run as a formula get a ' in front.",
  csvRaw: "CSV, raw",
  csvRawHint: "Values exactly as stored. Do not open it in a spreadsheet.",
  jsonl: "JSON Lines",
  jsonlHint: "Every field of every event, one per line. The form to keep as evidence.",
  format: "Format",
  start: "Export",
  recorded: "The export is itself recorded in this log.",
};
