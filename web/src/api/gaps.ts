import { call, type Parameters } from "./client.ts";
import type { TimeRange } from "./types.ts";

/**
 * A time in which nothing was recorded (`down`), in which one category was switched off (`off`), or
 * numbers that are missing of a source's sequence.
 */
export interface Gap {
  kind: "down" | "missing" | "off";
  from: string;
  to: string;
  clean?: boolean | null;
  source?: string | null;
  instance?: string | null;
  missing?: number | null;
  category?: string | null;
  skipped?: number | null;
}

export interface Gaps {
  gaps: Gap[];
  sequences_checked: boolean;
  range: TimeRange;
  indexed_through: number;
}

export const fetchGaps = (parameters: Parameters, signal?: AbortSignal): Promise<Gaps> =>
  call("v1/gaps", { parameters, signal });
