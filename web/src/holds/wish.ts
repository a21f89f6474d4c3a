import type { HoldWish } from "../api/holds.ts";
import { messages } from "../text/messages.ts";

const text = messages.holds;

const quoted = (value: string): string => `"${value.replace(/[\\"]/g, "\\$&")}"`;

/** What a hold covers, in words. */
export function wishText(wish: HoldWish): string {
  const parts = [
    wish.categories?.length ? `${text.categories}: ${wish.categories.join(", ")}` : "",
    wish.actor ? `${text.actor}: ${wish.actor}` : "",
    wish.target ? `${text.target}: ${wish.target}` : "",
    wish.query ? `${text.query}: ${wish.query}` : "",
    wish.from ? `${text.from} ${wish.from}` : "",
    wish.to ? `${text.to} ${wish.to}` : "",
    wish.first_day || wish.last_day ? text.until(wish.first_day ?? "…", wish.last_day ?? "…") : "",
  ].filter(Boolean);
  return parts.join(" · ") || text.all;
}

/** The list of the log with the events that a hold asks for. */
export function queryOf(wish: HoldWish): string {
  const terms = [
    wish.actor ? `actor:${quoted(wish.actor)}` : "",
    wish.target ? `target:${quoted(wish.target)}` : "",
    wish.categories?.length ? `category:(${wish.categories.join(" OR ")})` : "",
    wish.query ? `(${wish.query})` : "",
  ].filter(Boolean);
  const parameters = new URLSearchParams();
  if (terms.length > 0) parameters.set("q", terms.join(" "));
  if (wish.from) parameters.set("from", wish.from);
  if (wish.to) parameters.set("to", wish.to);
  if (!wish.from && !wish.to) parameters.set("period", "month");
  return `?${parameters}`;
}
