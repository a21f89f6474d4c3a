export interface StepsAsked {
  actor?: string | null;
  session?: string | null;
  request?: string | null;
  from?: string | null;
  to?: string | null;
  tz?: string | null;
}

/** The address of the page with these steps. */
export function stepsLink(asked: StepsAsked): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value) parameters.set(name, value);
  return `steps?${parameters.toString()}`;
}

/** The time around a moment, for a link. */
export function around(at: string, minutes: number): { from: string; to: string } {
  const ms = Date.parse(at);
  return {
    from: new Date(ms - minutes * 60_000).toISOString(),
    to: new Date(ms + minutes * 60_000).toISOString(),
  };
}

/** How the service finds an actor's steps: by e-mail, else name, else id. */
export const stepsName = (
  actor: { email?: string | null; name?: string | null; id?: string | null } | null | undefined,
): string | null => actor?.email || actor?.name || actor?.id || null;
