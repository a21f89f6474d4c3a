import { useMemo, useSyncExternalStore } from "react";
import { keepPreference } from "../controls/preferences.ts";
import { onStored, readStored } from "../controls/stored.ts";
import { COLUMNS, type ColumnId, columnOf, isColumn, SEVEN } from "./columns.tsx";

/** Which columns, in which order, how wide and which stay in sight; kept by the account. */
export interface ColumnState {
  /** Shown ones, in order; pinned ones first. */
  shown: readonly ColumnId[];
  pinned: readonly ColumnId[];
  widths: Partial<Record<ColumnId, number>>;
}

export const LEAST_PX = 48;
export const MOST_PX = 900;
const FIRST: ColumnState = { shown: SEVEN, pinned: [], widths: {} };
const NAME = "columns";

/** The columns of `cols=` in an address: known ones, each once; null when there is none. */
export function readColumns(text: string | null): ColumnId[] | null {
  if (!text) return null;
  const found = [...new Set(text.split(",").filter(isColumn))];
  return found.length > 0 ? found : null;
}

/** `cols=` of an address; null for the seven, which need no word. */
export const writeColumns = (shown: readonly ColumnId[]): string | null =>
  shown.join() === SEVEN.join() ? null : shown.join();

/** What was kept; whatever is odd in it is left out. */
export function parseState(text: string | null): ColumnState {
  let given: Record<string, unknown> = {};
  try {
    given = (JSON.parse(text ?? "{}") ?? {}) as Record<string, unknown>;
  } catch {
    return FIRST;
  }
  const list = (value: unknown): ColumnId[] =>
    Array.isArray(value) ? [...new Set(value.filter((one) => isColumn(`${one}`)))] : [];
  const shown = list(given.shown);
  const widths: ColumnState["widths"] = {};
  for (const [id, px] of Object.entries((given.widths ?? {}) as Record<string, unknown>)) {
    if (isColumn(id) && typeof px === "number" && Number.isFinite(px)) widths[id] = clampPx(px);
  }
  return arranged({ shown: shown.length > 0 ? shown : SEVEN, pinned: list(given.pinned), widths });
}

export const clampPx = (px: number): number =>
  Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, px)));

/** Pinned columns come first, and only shown ones can be pinned. */
function arranged(state: ColumnState): ColumnState {
  const pinned = state.shown.filter((id) => state.pinned.includes(id));
  const rest = state.shown.filter((id) => !pinned.includes(id));
  return { ...state, pinned, shown: [...pinned, ...rest] };
}

export function toggled(state: ColumnState, id: ColumnId): ColumnState {
  const isShown = state.shown.includes(id);
  if (isShown && state.shown.length === 1) return state;
  const shown = isShown ? state.shown.filter((one) => one !== id) : [...state.shown, id];
  return arranged({ ...state, shown });
}

export function moved(state: ColumnState, id: ColumnId, by: number): ColumnState {
  const at = state.shown.indexOf(id);
  const to = at + by;
  const isPinned = state.pinned.includes(id);
  const [low, high] = isPinned
    ? [0, state.pinned.length - 1]
    : [state.pinned.length, state.shown.length - 1];
  if (at < 0 || to < low || to > high) return state;
  const shown = state.shown.filter((one) => one !== id);
  shown.splice(to, 0, id);
  return arranged({ ...state, shown });
}

export function pinned(state: ColumnState, id: ColumnId): ColumnState {
  const isPinned = state.pinned.includes(id);
  return arranged({
    ...state,
    pinned: isPinned ? state.pinned.filter((one) => one !== id) : [...state.pinned, id],
  });
}

export function widened(state: ColumnState, id: ColumnId, px: number | null): ColumnState {
  const { [id]: _, ...widths } = state.widths;
  return { ...state, widths: px === null ? widths : { ...widths, [id]: clampPx(px) } };
}

/** Widths of the tracks, and how far from the left each pinned column stays. */
export function tracksOf(state: ColumnState) {
  const stays: Partial<Record<ColumnId, number>> = {};
  let left = 0;
  let least = 0;
  const tracks = state.shown.map((id) => {
    const { track, px, least: columnLeast } = columnOf(id);
    const isPinned = state.pinned.includes(id);
    const width = state.widths[id] ?? (isPinned ? px : undefined);
    if (isPinned) {
      stays[id] = left;
      left += width ?? 0;
    }
    least += width ?? columnLeast;
    return width === undefined ? track : `${width}px`;
  });
  // With every width chosen the last one takes what is left, so that rows reach the edge.
  const isRigid = tracks.every((track) => track.endsWith("px") && !track.includes("fr"));
  const lastTrack = tracks[tracks.length - 1];
  if (isRigid && lastTrack && !lastTrack.startsWith("minmax")) {
    tracks[tracks.length - 1] = `minmax(${lastTrack}, 1fr)`;
  }
  return { template: tracks.join(" "), stays, least };
}

/** What cannot be broken into lines. */
const RIGID: Partial<Record<ColumnId, string>> = {
  date: "110px",
  received: "110px",
  status: "52px",
};

/** Tracks of a sheet of paper: all of them, each with its share of the room. */
export const paperTracks = (state: ColumnState): string =>
  state.shown
    .map((id) => RIGID[id] ?? `minmax(0, ${state.widths[id] ?? columnOf(id).px}fr)`)
    .join(" ");

let known: { text: string | null; state: ColumnState } | null = null;

/** The same state as long as the same text is kept. */
function current(): ColumnState {
  const text = readStored(NAME);
  if (known === null || known.text !== text) known = { text, state: parseState(text) };
  return known.state;
}

export const keepColumns = (state: ColumnState): void => keepPreference(NAME, state);

/** The columns to draw: those of the address, else those that the account keeps. */
export function useColumns(cols: string | null): ColumnState {
  const kept = useSyncExternalStore(onStored, current);
  return useMemo(() => {
    const shown = readColumns(cols);
    return shown ? arranged({ ...kept, shown }) : kept;
  }, [kept, cols]);
}

export const FIRST_STATE = FIRST;
export const ALL_IDS: readonly ColumnId[] = COLUMNS.map((one) => one.id);
