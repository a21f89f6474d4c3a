import type { HistoryStep } from "../api/profile.ts";
import type { AuditEvent } from "../api/types.ts";

export interface FieldNow {
  path: string;
  value: unknown;
  event: AuditEvent;
  unsure: boolean;
}

/** The place of the last step at or before a moment; without one the last, before all of them -1. */
export function stepAt(steps: readonly HistoryStep[], at: string | null): number {
  const moment = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(moment)) return steps.length - 1;
  // Steps carry microseconds, of which Date.parse keeps milliseconds: both sides alike.
  return steps.findLastIndex((step) => Date.parse(step.event.occurred_at) <= moment);
}

/** Every field after a step, with the event that set it; erased events make the rest unsure. */
export function stateAfter(steps: readonly HistoryStep[], place: number): FieldNow[] {
  const fields = new Map<string, FieldNow>();
  for (const step of steps.slice(0, place + 1)) {
    if (step.erased) {
      for (const field of fields.values()) field.unsure = true;
    } else if (step.applied) {
      for (const { path, after } of step.event.changes ?? [])
        fields.set(path, { path, value: after ?? null, event: step.event, unsure: false });
    }
  }
  return [...fields.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

const LONGEST = 2000;

/** A value as text, as JSON where it is no text; very long ones are cut. */
export function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
