import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { call, type Parameters } from "./client.ts";

export const EXPORTS = ["exports"] as const;
/** The few that the shell looks at: background exports of the person. */
export const OWN_EXPORTS = [...EXPORTS, "own"] as const;

export type ExportState =
  | "waiting"
  | "running"
  | "done"
  | "failed"
  | "cancelled"
  | "expired"
  | "removed";

export type ExportFormat =
  | "csv"
  | "jsonl"
  | "parquet"
  | "xlsx"
  | "ocsf"
  | "ecs"
  | "cef"
  | "evidence";

/** What the file is to be like, under the API's names. */
export interface Wish {
  format: ExportFormat;
  form: "safe" | "raw";
  columns: string[];
  separator: "comma" | "semicolon" | "tab";
  bom: boolean;
  compress: "none" | "gzip" | "zstd";
  order: "desc" | "asc";
}

export interface Export {
  id: string;
  /** Made as a file that is kept, or sent straight to whoever asked. */
  way: "background" | "direct";
  state: ExportState;
  attempts: number;
  file_name: string;
  format: ExportFormat;
  wish: Wish;
  filter: Record<string, string>;
  columns: string[];
  requested_by: string;
  is_yours: boolean;
  requested_at: string;
  started_at: string | null;
  ended_at: string | null;
  expires_at: string | null;
  total: number;
  rows: number;
  bytes: number;
  eta_s: number | null;
  sha256: string | null;
  reason: string | null;
}

export interface ExportLimits {
  role: string;
  allowed: boolean;
  /** 0 is no limit. */
  most_rows: number;
  stream_rows: number;
  keep_days: number;
  formats: ExportFormat[];
}

export interface Exports {
  exports: Export[];
  keep_days: number;
}

const one = (id: string): string => `v1/exports/${encodeURIComponent(id)}`;

export const fetchExports = (parameters: Parameters, signal?: AbortSignal): Promise<Exports> =>
  call("v1/exports", { parameters, signal });

export const fetchLimits = (signal?: AbortSignal): Promise<ExportLimits> =>
  call("v1/export/limits", { signal });

/** Asks for a background export; the parameters are those of a direct one, all as texts. */
export function useCreateExport<Of>(askedOf: (of: Of) => Record<string, string>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (of: Of) => call<Export>("v1/exports", { method: "POST", body: askedOf(of) }),
    onSuccess: (made) => {
      keepMade(client, made);
      client.invalidateQueries({ queryKey: EXPORTS });
    },
  });
}

/** Known to the shell while it waits: one that ends at once is told of all the same. */
function keepMade(client: QueryClient, made: Export): void {
  client.setQueryData<Exports>(OWN_EXPORTS, (before) =>
    before ? { ...before, exports: [made, ...before.exports] } : before,
  );
}

export const cancelExport = (id: string): Promise<void> => call(one(id), { method: "DELETE" });

export const exportFilePath = (id: string): string => `${one(id)}/file`;

export const fetchManifest = (id: string, signal?: AbortSignal): Promise<unknown> =>
  call(`${one(id)}/manifest`, { signal });

export const isOpen = (one: Export): boolean => one.state === "waiting" || one.state === "running";
