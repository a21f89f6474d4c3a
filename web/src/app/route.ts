import { useSyncExternalStore } from "react";
import { hostOrigin, isEmbedded } from "../embed/mode.ts";

/** The address bar is the one owner of where we are; this reads and writes it. */

const CHANGED = "indelible:address";

/** Path of the service's root, ending in "/": "/" or "/audit/". */
export const basePath = (): string => new URL(".", document.baseURI).pathname;

/** Path that the screen's pages are below; in a frame of a host product a folder of its own. */
export const pagesPath = (): string => `${basePath()}${isEmbedded ? "embed/" : ""}`;

/** Where we are, without the service's own root: "", "keys", "login". */
export function pagePath(): string {
  const path = isEmbedded ? location.pathname.replace(/\/?$/, "/") : location.pathname;
  const base = pagesPath();
  return (path.startsWith(base) ? path.slice(base.length) : path).replace(/^\/+|\/+$/g, "");
}

export interface Move {
  replace?: boolean;
  /** Kept by the history entry: whether this address was opened from the list before it. */
  opened?: boolean;
}

/** The address of a page of ours. In a frame it goes on naming the page around it. */
export function pageAddress(to: string): string {
  const url = new URL(to, new URL(pagesPath(), location.origin));
  if (hostOrigin !== null) url.searchParams.set("origin", hostOrigin);
  return url.href;
}

/** Goes to a page of ours: `to` is a path below the root and a query, such as "keys" or "?q=x". */
export function go(to: string, move: Move = {}): void {
  const url = pageAddress(to);
  // The history of a frame is that of the page around it, whose way back it must not lengthen.
  const state = { opened: !isEmbedded && (move.opened ?? false) };
  if (move.replace || isEmbedded) history.replaceState(state, "", url);
  else history.pushState(state, "", url);
  dispatchEvent(new Event(CHANGED));
}

export function wasOpened(): boolean {
  return Boolean((history.state as { opened?: boolean } | null)?.opened);
}

function subscribe(listener: () => void): () => void {
  addEventListener("popstate", listener);
  addEventListener(CHANGED, listener);
  return () => {
    removeEventListener("popstate", listener);
    removeEventListener(CHANGED, listener);
  };
}

/** Path and query of the address; renders again when either changes. */
export function useAddress(): { page: string; search: string } {
  const href = useSyncExternalStore(subscribe, () => `${pagePath()}\n${location.search}`);
  const [page = "", search = ""] = href.split("\n");
  return { page, search };
}
