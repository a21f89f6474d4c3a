import { readStored, writeStored } from "../controls/stored.ts";

export type Language = "en" | "de";

/** Each language under its own name, so that a person finds it whatever the screen speaks now. */
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };

function chosenLanguage(): Language {
  const stored = readStored("language");
  if (stored === "en" || stored === "de") return stored;
  const browser = typeof navigator === "undefined" ? "" : navigator.language;
  return /^de\b/i.test(browser) ? "de" : "en";
}

/** The language of this page: chosen once, when it is loaded. */
export const language: Language = chosenLanguage();

/** How that language writes numbers and names of days. */
export const locale: string = language === "de" ? "de-DE" : "en-GB";

/** Keeps the choice and loads the page again; where we are is in the address. */
export function setLanguage(next: Language): void {
  writeStored("language", next);
  location.reload();
}
