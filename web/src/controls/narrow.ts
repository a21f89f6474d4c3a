import { useSyncExternalStore } from "react";

const query = () => matchMedia("(max-width: 640px)");

function subscribe(listener: () => void): () => void {
  const media = query();
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}

/** Whether the page is as narrow as a phone; the same bound as in the style sheets. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query().matches);
