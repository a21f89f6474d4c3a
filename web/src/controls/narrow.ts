import { useSyncExternalStore } from "react";

function media(text: string) {
  const query = () => matchMedia(text);
  const subscribe = (listener: () => void): (() => void) => {
    const media = query();
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  };
  return (): boolean => useSyncExternalStore(subscribe, () => query().matches);
}

/** Whether the page is as narrow as a phone; the same bound as in the style sheets. */
export const useNarrow = media("(max-width: 640px)");

/** Whether there is room for a sidebar beside the seven columns. */
export const useWide = media("(min-width: 1200px)");
