import type { AuditEvent } from "../api/types.ts";
import { messages } from "../text/messages.ts";
import { type CellContext, type ColumnId, columnOf } from "./columns.tsx";

export type CopyForm = "csv" | "json" | "markdown";

// The rule of the service's own CSV (export/csv.py): signs that start a formula, their full-width
// forms, a tab or line break in front, also behind a separator inside the cell.
const SIGNS = "=+\\-@\\uff1d\\uff0b\\uff0d\\uff20";
const STARTS = new RegExp(`^(?:[\\t\\r\\n]|[ "']*[${SIGNS}])`, "u");
const INSIDE = new RegExp(`([;,\\t\\r\\n][ "']*)([${SIGNS}])`, "gu");

/** A cell that no spreadsheet runs as a formula. */
export function safeCell(text: string): string {
  const inside = text.replace(INSIDE, "$1'$2");
  return STARTS.test(text) ? `'${inside}` : inside;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** A cell of a Markdown table: one line, nothing that Markdown or HTML would take for its own. */
function markdownCell(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[\\`*_{}[\]()#+!|~-]/g, "\\$&")
    .replace(/\s+/g, " ")
    .trim();
}

/** Events as text for the clipboard: the columns shown, or, as JSON, everything. */
export function copyText(
  form: CopyForm,
  events: readonly AuditEvent[],
  columns: readonly ColumnId[],
  context: CellContext,
): string {
  if (form === "json") return `${JSON.stringify(events, null, 2)}\n`;
  const heads = columns.map((id) => messages.list.columns[id]);
  const rows = events.map((event) => columns.map((id) => columnOf(id).text(event, context)));
  if (form === "csv") {
    const lines = [heads, ...rows.map((row) => row.map(safeCell))];
    return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
  }
  const line = (cells: string[]) => `| ${cells.join(" | ")} |\n`;
  return [
    line(heads.map(markdownCell)),
    line(heads.map(() => "---")),
    ...rows.map((row) => line(row.map(markdownCell))),
  ].join("");
}
