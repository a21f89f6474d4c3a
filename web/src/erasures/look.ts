import type { Identifier, Look, Part } from "../api/erasures.ts";

/** What stands in the form: rows may still be empty. */
export interface LookDraft {
  rows: Identifier[];
  entries: number[];
  parts: Part[];
  whole: boolean;
}

export const PARTS: readonly Part[] = ["person", "content", "fact"];

export const emptyLook = (entries: number[]): LookDraft => ({
  rows: [{ kind: "email", value: "" }],
  entries,
  parts: ["person", "content"],
  whole: false,
});

/** What is sent of a draft; null while it asks for nothing. */
export function sentLook(draft: LookDraft): Look | null {
  if (draft.parts.length === 0) return null;
  const parts = PARTS.filter((part) => draft.parts.includes(part));
  if (draft.entries.length > 0) return { entries: draft.entries, parts, whole_events: true };
  const identifiers = draft.rows
    .map((row) => ({ kind: row.kind, value: row.value.trim() }))
    .filter((row) => row.value !== "");
  if (identifiers.length === 0) return null;
  return { identifiers, parts, whole_events: draft.whole };
}
