/** One element of the list, and the row that it draws. */
export interface Slot {
  /** React's key: the element stays as long as the key does. */
  key: number;
  /** The event's id, or the place of a row that is not there yet. */
  id: string | number;
}

/**
 * Which element draws which row. A row that stays keeps its element, and the focus in it. A row that
 * comes takes the element of one that has left, which is much cheaper than a new one: a turn of the
 * wheel can replace a whole screen.
 *
 * An element is taken only where it does not stand behind a row that stays: React would have to move
 * that row in the document, and moving takes the focus and what a screen reader reads.
 */
export function takeSlots(
  before: readonly Slot[],
  ids: readonly Slot["id"][],
  mayReuse: boolean,
): Slot[] {
  const placeOf = new Map(before.map(({ id }, place) => [id, place]));
  const staying = new Set(ids);
  const free = mayReuse
    ? before.flatMap(({ id }, place) => (staying.has(id) ? [] : [place]))
    : ([] as number[]);
  let fresh = before.reduce((most, { key }) => Math.max(most, key), 0);
  // For each row, where the next one that stays stands.
  const limits: number[] = [];
  let limit = before.length;
  for (let at = ids.length - 1; at >= 0; at--) {
    limits[at] = limit;
    limit = placeOf.get(ids[at] as Slot["id"]) ?? limit;
  }
  let taken = 0;
  return ids.map((id, at) => {
    const kept = placeOf.get(id);
    if (kept !== undefined) return before[kept] as Slot;
    const place = free[taken];
    if (place !== undefined && place < (limits[at] as number)) {
      taken += 1;
      return { key: (before[place] as Slot).key, id };
    }
    fresh += 1;
    return { key: fresh, id };
  });
}
