import type { Session } from "../api/types.ts";
import type { SavedView } from "../api/views.ts";
import type { IconName } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { BUILT_IN } from "../views/builtin.ts";

/** Somewhere to go: a page, a view, a tab, a search. */
export interface Place {
  name: string;
  to: string;
  icon: IconName;
  /** What kind of place it is, in words. */
  of?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** All places that a person can go to. */
export function placesOf(session: Session, views: readonly SavedView[]): Place[] {
  const { menu, palette, logs } = messages;
  const { role } = session.person;
  const pages: Place[] = [
    { name: menu.auditLogs, to: "?stream=user", icon: "log" },
    { name: messages.trail.steps.title, to: "steps", icon: "steps" },
    { name: messages.exports.title, to: "exports", icon: "export" },
    { name: menu.settings, to: "settings", icon: "gear" },
  ];
  if (role !== "viewer") pages.push({ name: menu.governance, to: "governance", icon: "seal" });
  if (role === "admin") {
    pages.push(
      { name: menu.users, to: "users", icon: "person" },
      { name: menu.keys, to: "keys", icon: "key" },
      { name: menu.status, to: "status", icon: "monitor" },
      { name: messages.approvals.title, to: "approvals", icon: "check" },
    );
  }
  if (session.sees_tenants)
    pages.push({ name: messages.tenants.title, to: "tenants", icon: "house" });
  const tabs = (["user", "system", "task"] as const).map(
    (stream): Place => ({ name: logs.streams[stream], to: `?stream=${stream}`, icon: "log" }),
  );
  const periods: Place[] = [
    { name: palette.today, to: "?period=day", icon: "log" },
    { name: palette.week, to: "?period=week", icon: "log" },
    { name: palette.month, to: "?period=month", icon: "log" },
  ];
  const saved = views.map(
    (view): Place => ({
      name: view.name,
      to: view.address || "?stream=user",
      icon: "views",
      of: messages.views.saved,
    }),
  );
  const builtIn = BUILT_IN.map(
    (view): Place => ({
      name: messages.views.names[view.name],
      to: view.address,
      icon: "views",
      of: messages.views.builtIn,
    }),
  );
  return [...pages, ...tabs, ...periods, ...saved, ...builtIn];
}

/** Those whose names hold each of the words typed; and the search for what is typed, at the end. */
export function placesFor(places: readonly Place[], typed: string): Place[] {
  const text = typed.trim();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = places.filter((place) => {
    const name = place.name.toLowerCase();
    return words.every((word) => name.includes(word));
  });
  if (!text) return found;
  const { palette } = messages;
  if (UUID.test(text))
    return [{ name: palette.event(text), to: `?event=${encodeURIComponent(text)}`, icon: "log" }];
  const q = new URLSearchParams({ q: text });
  return [...found, { name: palette.search(text), to: `?${q}`, icon: "search" }];
}
