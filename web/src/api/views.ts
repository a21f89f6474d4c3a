import { call } from "./client.ts";

/** A saved view: the part of an address from "?" on, with a name. */
export interface SavedView {
  id: string;
  name: string;
  address: string;
  shared: boolean;
  mine: boolean;
  owner_name: string;
  starred: boolean;
  opens: boolean;
  version: number;
}

export type ViewBody = Pick<SavedView, "name" | "address" | "shared" | "starred" | "opens">;

export const VIEWS = ["views"] as const;

export const fetchViews = (signal?: AbortSignal): Promise<{ views: SavedView[] }> =>
  call("v1/views", { signal });

export const createView = (body: ViewBody): Promise<SavedView> =>
  call("v1/views", { method: "POST", body });

/** Refused (409) when somebody changed it since it was read. */
export const changeView = (view: SavedView, body: ViewBody): Promise<SavedView> =>
  call(`v1/views/${view.id}`, {
    method: "PUT",
    body,
    headers: { "if-match": `"${view.version}"` },
  });

export const deleteView = (view: SavedView): Promise<void> =>
  call(`v1/views/${view.id}`, {
    method: "DELETE",
    headers: { "if-match": `"${view.version}"` },
  });
