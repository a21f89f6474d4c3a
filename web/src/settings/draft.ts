import {
  type Category,
  type Days,
  type FloorEdit,
  KEEP_PARTS,
  type Keep,
  type KeepPart,
  type PolicyEdit,
  type Preset,
  type Retention,
} from "../api/retention.ts";

/** What an administrator has changed and not saved: wishes by category, each a value of its own. */
export interface Draft {
  enabled: Readonly<Record<string, boolean>>;
  keep: Readonly<Record<string, Partial<Keep>>>;
  floors: readonly FloorEdit[];
  reason: string;
}

export const NOTHING: Draft = { enabled: {}, keep: {}, floors: [], reason: "" };

/** What the newest policy says, in effect already or not: that is what an edit changes. */
export function setKeep(category: Category): Keep {
  return { ...category.keep, ...category.pending?.keep };
}

/** Whether the newest policy records it. */
export function setEnabled(category: Category): boolean {
  return (category.pending?.recording ?? category.recording) !== "off";
}

export const wishedKeep = (draft: Draft, category: Category, part: KeepPart): Days => {
  const wished = draft.keep[category.name]?.[part];
  return wished === undefined ? setKeep(category)[part] : wished;
};

export const wishedEnabled = (draft: Draft, category: Category): boolean =>
  draft.enabled[category.name] ?? setEnabled(category);

export const isKeepChanged = (draft: Draft, category: Category, part: KeepPart): boolean =>
  wishedKeep(draft, category, part) !== setKeep(category)[part];

export const isEnabledChanged = (draft: Draft, category: Category): boolean =>
  wishedEnabled(draft, category) !== setEnabled(category);

/** The draft with another wish for one part. */
export function withKeep(draft: Draft, category: string, part: KeepPart, days: Days): Draft {
  return {
    ...draft,
    keep: { ...draft.keep, [category]: { ...draft.keep[category], [part]: days } },
  };
}

export function withEnabled(draft: Draft, category: string, isOn: boolean): Draft {
  return { ...draft, enabled: { ...draft.enabled, [category]: isOn } };
}

/** The values of a preset over what was wished before; categories that are not here are left out. */
export function withPreset(draft: Draft, preset: Preset, categories: readonly Category[]): Draft {
  const known = new Set(categories.map((category) => category.name));
  const keep = { ...draft.keep };
  for (const wish of preset.categories) {
    if (known.has(wish.name)) keep[wish.name] = { ...keep[wish.name], ...wish.keep };
  }
  return { ...draft, keep, floors: preset.floors.filter((floor) => known.has(floor.category)) };
}

/**
 * The edit to send: only what differs from the newest policy. So wishes that somebody else has
 * fulfilled meanwhile fall away, and all others stay.
 */
export function editOf(draft: Draft, retention: Retention): PolicyEdit {
  const categories = retention.categories.flatMap((category) => {
    const parts = KEEP_PARTS.filter((part) => isKeepChanged(draft, category, part));
    const isSwitched = isEnabledChanged(draft, category);
    if (parts.length === 0 && !isSwitched) return [];
    return [
      {
        name: category.name,
        ...(isSwitched ? { enabled: wishedEnabled(draft, category) } : {}),
        ...(parts.length > 0
          ? {
              keep: Object.fromEntries(
                parts.map((part) => [part, wishedKeep(draft, category, part)]),
              ),
            }
          : {}),
      },
    ];
  });
  const floors = draft.floors.filter((floor) => !isFloorThere(floor, retention.categories));
  return {
    base_version: retention.version,
    categories,
    ...(floors.length > 0 ? { floors } : {}),
  };
}

export const isEmpty = (edit: PolicyEdit): boolean =>
  edit.categories.length === 0 && (edit.floors?.length ?? 0) === 0;

/** How many categories an edit touches. */
export const touched = (edit: PolicyEdit): number =>
  new Set([
    ...edit.categories.map((category) => category.name),
    ...(edit.floors ?? []).map((floor) => floor.category),
  ]).size;

function isFloorThere(floor: FloorEdit, categories: readonly Category[]): boolean {
  const category = categories.find((one) => one.name === floor.category);
  return floor.parts.every((part) =>
    category?.floors.some(
      (there) =>
        there.parts.includes(part) &&
        there.min_days >= floor.min_days &&
        (there.until_day === null ||
          (floor.until_day !== null && there.until_day >= floor.until_day)),
    ),
  );
}

/** The least days that a floor allows for a part; 1 where there is none. */
export function leastDays(category: Category, part: KeepPart): number {
  const floors = category.floors.filter((floor) => floor.parts.includes(part));
  return Math.max(1, ...floors.map((floor) => floor.min_days));
}
