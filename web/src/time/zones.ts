import { getLocalTimeZone } from "@internationalized/date";

/** Whether the browser knows this time zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return zone !== "";
  } catch {
    return false;
  }
}

export const browserZone = (): string => getLocalTimeZone();

/** Every IANA zone that the browser knows, UTC first. */
export function allZones(): string[] {
  const zones = Intl.supportedValuesOf("timeZone");
  return ["UTC", ...zones.filter((zone) => zone !== "UTC")];
}

/** The zone's distance to UTC at a moment: "UTC+1", "UTC+5:30", "UTC". */
export function offsetOf(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "shortOffset" });
  const name = parts.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
  return name.replace("GMT", "UTC").replace(/\+0$/, "");
}
