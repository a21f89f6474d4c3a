/** What this browser remembers about itself (theme, shortcuts); never part of a view. */

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`indelible.${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`indelible.${name}`);
    else localStorage.setItem(`indelible.${name}`, value);
  } catch {
    // Storage is closed to us: the choice lasts as long as the page.
  }
}
