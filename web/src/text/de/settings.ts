import type * as english from "../en/settings.ts";

export const settings: typeof english.settings = {
  title: "Einstellungen",
  whole: "Für alle dieses Mandanten. Jede Änderung wird in diesem Log festgehalten.",
  readOnly: "Nur ein Administrator kann dies ändern.",
  zone: "Zeitzone",
  zoneHint: "Tage beginnen und enden in dieser Zone.",
  dateFormat: "Datumsformat",
  weekStart: "Die Woche beginnt am",
  weekStarts: { monday: "Montag", sunday: "Sonntag", saturday: "Samstag" },
  own: "Ereignisse von Indelible selbst zeigen",
  ownHint: "Anmeldungen, Suchen, Exporte und Änderungen in Indelible selbst.",
  save: "Speichern",
  notAZone: "Diese Zeitzone kennt der Browser nicht.",
};
