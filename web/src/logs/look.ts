import { useNow } from "../controls/clock.ts";
import { keepPreference } from "../controls/preferences.ts";
import { onStored, readStored, useStored } from "../controls/stored.ts";

export type Density = "compact" | "cosy";
const DENSITY = "density";

/** The attribute that the tokens know; there before anything is measured. */
function draw(density: Density): void {
  if (density === "cosy") document.documentElement.dataset.density = "cosy";
  else delete document.documentElement.dataset.density;
}

const read = (stored: string | null): Density => (stored === "cosy" ? "cosy" : "compact");

const drawStored = () => draw(read(readStored(DENSITY)));
drawStored();
// First of all listeners: whoever measures a row after a change finds the new height.
onStored(drawStored);

/** Height of the rows, kept by the account. */
export function useDensity(): [Density, (density: Density) => void] {
  const [stored] = useStored(DENSITY);
  return [read(stored), (next) => keepPreference("density", next)];
}

export type Times = "absolute" | "relative";

/** Whether times are told as moments or by how long ago they were. */
export function useTimes(): [Times, (times: Times) => void] {
  const [stored] = useStored("times");
  return [stored === "relative" ? "relative" : "absolute", (next) => keepPreference("times", next)];
}

/** The moment that relative times are told from; null where they are absolute. */
export function useRelativeTo(): number | null {
  const [times] = useTimes();
  const now = useNow(10_000);
  return times === "relative" ? now : null;
}
