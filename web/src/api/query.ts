import { call, type Parameters } from "./client.ts";

/** GET /v1/complete: what may stand at a place of a search text. Places count characters. */
export interface Completion {
  start: number;
  end: number;
  kind: "field" | "value" | "none";
  field: string | null;
  items: { insert: string; label: string; description: string | null; count: number | null }[];
}

export const fetchCompletion = (q: string, at: number, signal?: AbortSignal): Promise<Completion> =>
  call("v1/complete", { parameters: { q, at, limit: 20 }, signal });

export interface FacetValue {
  /** Null stands for events without a value. */
  value: string | null;
  count: number;
  /** Search text that keeps only events with it, and that leaves them out. */
  include: string;
  exclude: string;
}

export interface Facet {
  field: string;
  values: FacetValue[];
  /** How many different values there are. */
  distinct: number;
  /** Events whose value is not among those listed. */
  others: number;
}

export interface Facets {
  total: number;
  facets: Facet[];
}

/** GET /v1/facets: the most frequent values of fields among the events of a filter. */
export const fetchFacets = (parameters: Parameters, signal?: AbortSignal): Promise<Facets> =>
  call("v1/facets", { parameters, signal });
