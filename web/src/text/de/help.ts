import type * as english from "../en/help.ts";

export const help: typeof english.help = {
  title: "Tastatur und Hilfe",
  single: "Kürzel mit einer Taste",
  singleHint:
    "Ausschalten, wenn Tasten durch Spracheingabe oder versehentlich ausgelöst werden. Wird in diesem Browser gespeichert.",
  close: "Schließen",
  items: [
    ["/", "Suchen"],
    ["j k oder ↓ ↑", "Nächstes und voriges Ereignis"],
    ["Eingabe", "Ereignis öffnen"],
    ["Umschalt+F10", "Aktionen zum Ereignis"],
    ["Esc", "Schließen oder ganzen Zeitraum zeigen"],
    ["[ ]", "Voriger und nächster Zeitraum"],
    ["d w m", "Tag, Woche, Monat"],
    ["t", "Heute"],
    ["1 2 3", "Benutzer, System, Aufgaben"],
    ["e", "Exportieren"],
    ["c", "Spalten"],
    ["l", "Live-Ansicht ein und aus"],
    ["Leertaste Umschalt+↓", "Zeile wählen, mehrere"],
    ["Strg+K", "Zu einer Seite, Ansicht oder Suche"],
    ["?", "Diese Hilfe"],
  ],
  query:
    'Wörter und "Wendungen in Anführungszeichen" passen auf jede Spalte, auch mitten in Wörtern. feld:wert sucht in einer Spalte, -feld:wert lässt aus: actor, ip, method, endpoint, status, operation, outcome, category, kind, target und mehr.',
};
