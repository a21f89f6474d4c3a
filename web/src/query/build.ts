import { quoted } from "./terms.ts";

/** Fields that match a part of a value unless it stands in quotes. */
const PARTIAL = new Set(["actor", "behalf", "endpoint", "target", "change", "reason", "agent"]);
const PLAIN = /^[\p{L}\p{N}_/][\p{L}\p{N}_/@.:+-]*$/u;

/** The condition that keeps exactly the events with this value: `operation:AssignRole`. */
export function termOf(field: string, value: string): string {
  const isPlain = PLAIN.test(value) && !PARTIAL.has(field);
  return `${field}:${isPlain ? value : quoted(value)}`;
}
