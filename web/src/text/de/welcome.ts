import type * as english from "../en/welcome.ts";

export const welcome: typeof english.welcome = {
  title: "Erste Ereignisse",
  lead: "Noch wurde nichts aufgezeichnet. Zwei Schritte bis zum ersten Ereignis.",
  stepKey: "Einen Schlüssel zum Schreiben erstellen",
  makeKey: "Schreibschlüssel erstellen",
  keyName: "erster Schlüssel",
  keyMade:
    "Er wird nur dieses eine Mal gezeigt. Kopieren Sie ihn dorthin, wo Ihr Produkt Geheimnisse aufbewahrt.",
  needAdmin: "Zuerst muss ein Administrator einen Schreibschlüssel erstellen.",
  stepSend: "Ein Ereignis senden",
  withCurl: "curl",
  withPython: "Python",
  stepSee: "Hier ansehen",
  waiting: "Wartet auf das erste Ereignis …",
  arrived: "Es ist da. Wird geöffnet …",
  already: "Ereignisse treffen ein.",
  toLog: "Zu den Audit-Logs",
};
