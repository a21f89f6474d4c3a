import { english, type Messages } from "./en/index.ts";
import { language } from "./language.ts";

export type { Messages } from "./en/index.ts";

/** Every sentence of the screen, in the language of this page. */
export let messages: Messages = english;

/**
 * Fetches the language of this page if it is not English. Runs before any other module of the screen
 * is evaluated (see main.tsx), because those take their sentences when they are loaded.
 */
export async function loadMessages(): Promise<void> {
  if (language === "de") messages = (await import("./de/index.ts")).german;
}
