import type { Export, ExportFormat, Wish } from "../api/exports.ts";
import type { ColumnId } from "../logs/columns.tsx";
import { language } from "../text/language.ts";
import { messages } from "../text/messages.ts";

/** The forms that the dialog offers: a name for the person, and what to ask the API for. */

export type FormId =
  | "csvSafe"
  | "csvExcel"
  | "csvRaw"
  | "xlsx"
  | "jsonl"
  | "parquet"
  | "ocsf"
  | "ecs"
  | "cef"
  | "evidence";

export interface Form {
  id: FormId;
  format: ExportFormat;
  ask: Record<string, string>;
  /** Tables have columns that can be chosen; the others hold every field. */
  isTable: boolean;
  /** Whether it can be compressed; the others are compressed already. */
  packs: boolean;
}

const form = (
  id: FormId,
  format: ExportFormat,
  ask: Record<string, string> = {},
  isTable = false,
  packs = true,
): Form => ({ id, format, ask: { format, ...ask }, isTable, packs });

// Excel takes the separator from the country it runs in.
export const EXCEL_SEPARATOR = language === "de" ? "semicolon" : "comma";

export const FORMS: readonly Form[] = [
  form("csvSafe", "csv", { csv: "safe" }, true),
  form("csvExcel", "csv", { csv: "safe", separator: EXCEL_SEPARATOR, bom: "yes" }, true),
  form("csvRaw", "csv", { csv: "raw" }, true),
  form("xlsx", "xlsx", {}, true, false),
  form("jsonl", "jsonl"),
  form("parquet", "parquet", {}, true, false),
  form("ocsf", "ocsf"),
  form("ecs", "ecs"),
  form("cef", "cef"),
  form("evidence", "evidence"),
];

export type Packing = Wish["compress"];
export const PACKINGS: readonly Packing[] = ["none", "gzip", "zstd"];

export type ColumnSet = "standard" | "list" | "all";
export const COLUMN_SETS: readonly ColumnSet[] = ["standard", "list", "all"];

/** What the API calls the columns of the list. */
const KEYS: Record<ColumnId, string> = {
  date: "date",
  email: "user",
  ip: "address",
  method: "method",
  endpoint: "endpoint",
  status: "status",
  operation: "operation",
  kind: "actor_kind",
  target: "targets",
  changes: "changes",
  category: "category",
  outcome: "outcome",
  severity: "severity",
  request: "request_id",
  session: "session_id",
  source: "source",
  index: "index",
  received: "received",
  state: "state",
  reason: "reason",
};

export const columnsAsked = (set: ColumnSet, shown: readonly ColumnId[]): string =>
  set === "list" ? shown.map((id) => KEYS[id]).join() : set;

const ENDINGS: Record<Packing, string> = { none: "", gzip: " · gzip", zstd: " · zstd" };

/** "CSV, raw · gzip": the form of an export that was made. */
export function formatText({ wish }: Pick<Export, "wish">): string {
  const isExcel = wish.format === "csv" && wish.bom;
  const id: FormId =
    wish.format !== "csv"
      ? wish.format
      : wish.form === "raw"
        ? "csvRaw"
        : isExcel
          ? "csvExcel"
          : "csvSafe";
  return `${messages.exporting.short[id]}${ENDINGS[wish.compress]}`;
}
