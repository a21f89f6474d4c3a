import { call, type Parameters } from "./client.ts";

/** GET /v1/complete: what may stand at a place of a search text. Places count characters. */
export interface Completion {
  start: number;
  end: number;
  kind: "field" | "value" | "none";
  field: string | null;
  items: { insert: string; label: string; description: string | null; count: number | null }[];
}

/** `within`: the stream and the period whose values are offered and counted. */
export const fetchCompletion = (
  q: string,
  at: number,
  within: Parameters,
  signal?: AbortSignal,
): Promise<Completion> =>
  call("v1/complete", { parameters: { ...within, q, at, limit: 20 }, signal });
