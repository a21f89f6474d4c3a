export const PROFILES = ["actor", "ip", "operation", "target"] as const;
export type Of = (typeof PROFILES)[number];

export const isProfile = (page: string): page is Of => PROFILES.some((name) => name === page);

/** The address of the page of a value; a target has a type besides. */
export function profileAddress(of: Of, value: string, type?: string | null): string {
  const parameters = new URLSearchParams({ value });
  if (type) parameters.set("type", type);
  return `${of}?${parameters}`;
}
