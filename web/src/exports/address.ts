import type { Export } from "../api/exports.ts";

/** The address of the list that an export was made of. All tabs open on the first one. */
export function viewAddress({ filter, requested_at }: Export): string {
  const parameters = new URLSearchParams();
  parameters.set("stream", filter.stream && filter.stream !== "all" ? filter.stream : "user");
  // Open ends are closed as they were when it was asked for.
  parameters.set("from", filter.from ?? "2000-01-01T00:00:00Z");
  parameters.set("to", filter.to ?? requested_at);
  if (filter.tz) parameters.set("tz", filter.tz);
  if (filter.q) parameters.set("q", filter.q);
  if (filter.stream === "task") parameters.set("rows", "entries");
  return `?${parameters}`;
}
