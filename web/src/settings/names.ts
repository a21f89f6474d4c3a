import type { Category, PolicyChange, Preset, Retention } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { english } from "../text/en/index.ts";
import { messages } from "../text/messages.ts";
import { daysText, dayText } from "./periods.ts";

const text = messages.retention;

interface Named {
  name: string;
  label: string;
}

/** The name of a category: a built-in one in the screen's language, unless somebody renamed it. */
export function labelOf(category: Named): string {
  const original = english.retention.names[category.name]?.label;
  const isOriginal = original !== undefined && category.label === original;
  return (isOriginal && text.names[category.name]?.label) || category.label || category.name;
}

export function descriptionOf(category: Category): string {
  const original = english.retention.names[category.name]?.description;
  const isOriginal = original !== undefined && category.description === original;
  return (isOriginal && text.names[category.name]?.description) || category.description;
}

export const presetTitle = (preset: Preset): string =>
  text.presetNames[preset.name]?.title ?? preset.title;

export const presetText = (preset: Preset): string =>
  text.presetNames[preset.name]?.text ?? preset.description;

const PART_PATHS: Record<string, "fact" | "person" | "content"> = {
  fact_days: "fact",
  person_days: "person",
  content_days: "content",
};

const isDays = (value: unknown): value is number | null =>
  value === null || typeof value === "number";

const words = (value: unknown): string => (typeof value === "string" ? value : "");

/** One change of the policy in words: "Person 1 year → 90 days". */
export function changeText(change: PolicyChange): string {
  const part = PART_PATHS[change.path];
  const { before, after } = change;
  if (part && isDays(before) && isDays(after)) {
    return text.effects.keep(text.parts[part], daysText(before), daysText(after));
  }
  if (change.path === "enabled") {
    const onOff = (value: unknown) => (value ? text.on : text.off);
    return text.effects.enabled(onOff(before), onOff(after));
  }
  if (change.path === "floor") return text.effects.floor(floorWords(after));
  if (change.path === "category") return text.effects.created;
  if (change.path === "rules") return text.effects.rules;
  const name = { label: text.editor.label, description: text.editor.description }[change.path];
  return text.effects.text(name ?? text.editor.criticality);
}

/** A floor as the service tells it: {parts, min_days, until_day}, or words of its own. */
function floorWords(value: unknown): string {
  if (typeof value !== "object" || value === null) return words(value);
  const { parts, min_days } = value as { parts?: unknown; min_days?: unknown };
  const names = Array.isArray(parts)
    ? parts.map((part) => text.parts[part as "fact"] ?? part).join(", ")
    : "";
  return text.floorOf(names, typeof min_days === "number" ? daysText(min_days) : "");
}

/** The newest policy, and since when or from when all of it holds. */
export const footOf = (
  { version, effective_day, pending }: Retention,
  format: DateFormat,
): string =>
  pending
    ? text.footComing(version, dayText(pending.effective_day, format))
    : text.foot(version, dayText(effective_day, format));
