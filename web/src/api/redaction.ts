import { call } from "./client.ts";

/** GET /v1/redaction: what is masked in every event before it is stored. */
export interface RedactionRules {
  enabled: boolean;
  mask: string;
  names: string[];
  own: { keys: string[]; paths: string[]; patterns: string[]; keep: string[] };
  hash: string;
}

export interface RedactionTest {
  event: Record<string, unknown>;
  masked: string[];
}

export const fetchRedaction = (signal?: AbortSignal): Promise<RedactionRules> =>
  call("v1/redaction", { signal });

export const testRedaction = (event: Record<string, unknown>): Promise<RedactionTest> =>
  call("v1/redaction/test", { method: "POST", body: { event } });
