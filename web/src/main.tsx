import { isEmbedded } from "./embed/mode.ts";
import { locale } from "./text/language.ts";
import { loadMessages } from "./text/messages.ts";
import "./styles/index.css";

// The sentences come first: every other module takes them from the catalogue when it is loaded.
document.documentElement.lang = locale;
const root = document.getElementById("root");
if (root) {
  if (isEmbedded) import("./embed/start.tsx").then(({ startEmbedded }) => startEmbedded(root));
  else
    loadMessages()
      .then(() => import("./app/start.tsx"))
      .then(({ start }) => start(root));
}
