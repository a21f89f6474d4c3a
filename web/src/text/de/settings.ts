import type * as english from "../en/settings.ts";

export const settings: typeof english.settings = {
  title: "Einstellungen",
  general: "Allgemein",
  whole: "Für alle dieses Mandanten.",
  readOnly: "Sie können hier alles ansehen. Ändern kann es nur ein Administrator.",
  everyChange: "Jede Änderung hier ist ein Ereignis",
  zone: "Zeitzone",
  zoneHint: "Tage beginnen und enden in dieser Zone.",
  dateFormat: "Datumsformat",
  weekStart: "Die Woche beginnt am",
  weekStarts: { monday: "Montag", sunday: "Sonntag", saturday: "Samstag" },
  own: "Ereignisse von Indelible selbst zeigen",
  ownHint: "Anmeldungen, Suchen, Exporte und Änderungen in Indelible selbst.",
  save: "Speichern",
  saved: "Gespeichert",
  discard: "Verwerfen",
  dateHint: (now: string) => `Jetzt ist es ${now}.`,
  notAZone: "Diese Zeitzone kennt der Browser nicht.",
};
