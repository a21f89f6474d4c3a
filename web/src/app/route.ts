import { useSyncExternalStore } from "react";

/** The address bar is the one owner of where we are; this reads and writes it. */

const CHANGED = "indelible:address";

/** Path of the service's root, ending in "/": "/" or "/audit/". */
export const basePath = (): string => new URL(".", document.baseURI).pathname;

/** Where we are, without the service's own root: "", "keys", "login". */
export function pagePath(): string {
  const path = location.pathname;
  const base = basePath();
  return (path.startsWith(base) ? path.slice(base.length) : path).replace(/^\/+|\/+$/g, "");
}

export interface Move {
  replace?: boolean;
  /** Kept by the history entry: whether this address was opened from the list before it. */
  opened?: boolean;
}

/** Goes to a page of ours: `to` is a path below the root and a query, such as "keys" or "?q=x". */
export function go(to: string, move: Move = {}): void {
  const url = new URL(to, new URL(basePath(), location.origin)).href;
  const state = { opened: move.opened ?? false };
  if (move.replace) history.replaceState(state, "", url);
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
