import { locale } from "../text/language.ts";
import { loadMessages } from "../text/messages.ts";
import { tellShown } from "./host.ts";
import { open } from "./visit.ts";

/** Takes the token, asks what it shows, and only then loads the sentences and the screen. */
export async function startEmbedded(root: HTMLElement): Promise<void> {
  const found = await open();
  document.documentElement.lang = locale;
  await loadMessages();
  const [{ start }, { EmbedApp }] = await Promise.all([
    import("../app/start.tsx"),
    import("./EmbedApp.tsx"),
  ]);
  start(root, <EmbedApp found={found} />);
  if (typeof found !== "string") tellShown();
}
