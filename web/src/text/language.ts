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

/** The language of this page: chosen once, before anything is said. */
export let language: Language = chosenLanguage();

/** How that language writes numbers and names of days. */
export let locale: string = localeOf(language);

function localeOf(of: Language): string {
  return of === "de" ? "de-DE" : "en-GB";
}

/** For the frame in a host product, before its sentences are loaded: the host has chosen. */
export function setLanguageOfPage(next: Language): void {
  language = next;
  locale = localeOf(next);
}

/** Keeps the choice and loads the page again; where we are is in the address. */
export function setLanguage(next: Language): void {
  writeStored("language", next);
  location.reload();
}
