import type * as english from "../en/palette.ts";

export const palette: typeof english.palette = {
  title: "Gehe zu",
  find: "Seite, Ansicht, Reiter oder Suchwörter",
  search: (words: string) => `Nach ${words} suchen`,
  event: (id: string) => `Ereignis ${id} öffnen`,
  nothing: "Nichts hat diesen Namen.",
  today: "Heute",
  week: "Diese Woche",
  month: "Dieser Monat",
};
