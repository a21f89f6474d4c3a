/**
 * Whether this page is the one that host products show in a frame, told by its address alone:
 * `…/embed?origin=<origin of the page around>`. Decided once, when it is loaded.
 */
const inPage = typeof document !== "undefined";
const root = inPage ? new URL(".", document.baseURI).pathname : "/";

export const isEmbedded: boolean =
  inPage && /^embed(\/|$)/.test(location.pathname.slice(root.length));

/** The only page that is spoken to. The service lets no other one put a frame around this. */
export const hostOrigin: string | null = isEmbedded
  ? new URLSearchParams(location.search).get("origin")
  : null;
