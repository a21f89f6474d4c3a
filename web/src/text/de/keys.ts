import type * as english from "../en/keys.ts";

export const keys: typeof english.keys = {
  title: "API-Schlüssel",
  lead: "Mit einem Schlüssel kann ein Programm Ereignisse schreiben, das Log lesen oder Indelible verwalten. Der Schlüssel selbst wird nur einmal gezeigt: wenn er erstellt wird.",
  create: "Schlüssel erstellen",
  name: "Name",
  nameHint: "Wo er verwendet wird, zum Beispiel fleet-web Produktion",
  kind: "Er darf",
  kinds: { w: "Ereignisse schreiben", r: "Das Log lesen", a: "Verwalten" },
  kindHints: {
    w: "Für Produkte, die Ereignisse senden. Er kann nichts lesen.",
    r: "Für Skripte, die suchen und exportieren.",
    a: "Für die Automatisierung von Indelible selbst: Schlüssel, Einstellungen und alles, was die anderen dürfen.",
  },
  none: "Es gibt noch keine Schlüssel.",
  created: "Erstellt",
  lastUsed: "Zuletzt benutzt",
  never: "nie",
  state: "Zustand",
  active: "Aktiv",
  revoked: "Widerrufen",
  revoke: "Widerrufen",
  revokeTitle: (name: string) => `Schlüssel „${name}“ widerrufen?`,
  revokeText:
    "Programme, die ihn benutzen, werden sofort abgewiesen. Das lässt sich nicht rückgängig machen; was er geschrieben hat, bleibt.",
  keep: "Behalten",
  madeTitle: "Der neue Schlüssel",
  madeText: "Kopieren Sie ihn jetzt. Er wird nicht noch einmal gezeigt.",
  done: "Fertig",
  cancel: "Abbrechen",
};
