import type * as english from "../en/users.ts";

export const users: typeof english.users = {
  title: "Benutzer",
  lead: "Personen, die sich hier anmelden können. Prüfer lesen, exportieren und prüfen nach; Administratoren verwalten außerdem Benutzer, Schlüssel und Einstellungen. Niemand kann Ereignisse ändern oder löschen.",
  invite: "Person einladen",
  email: "E-Mail-Adresse",
  role: "Rolle",
  roleHints: {
    auditor: "Liest, durchsucht, exportiert und prüft das Log.",
    admin: "All das, dazu Benutzer, Schlüssel und Einstellungen.",
  },
  name: "Name",
  created: "Seit",
  lastSeen: "Zuletzt gesehen",
  never: "nicht angemeldet",
  you: "Sie",
  acts: "Was getan werden kann",
  act: (label: string, name: string) => `${label}: ${name}`,
  makeAdmin: "Zum Administrator machen",
  makeAuditor: "Zum Prüfer machen",
  newLink: "Neuer Link",
  remove: "Entfernen",
  removeTitle: (name: string) => `${name} entfernen?`,
  removeText:
    "Die Person wird sofort abgemeldet und kommt nicht mehr herein. Was sie getan hat, bleibt unter ihrem Namen im Log.",
  keep: "Behalten",
  roleTitle: (name: string) => `Rolle von ${name} ändern?`,
  toAdmin:
    "Als Administrator kann diese Person andere einladen und entfernen, Schlüssel erstellen und Einstellungen ändern.",
  toAuditor: "Als Prüfer kann diese Person lesen, exportieren und prüfen, aber nichts mehr ändern.",
  confirmRole: "Rolle ändern",
  invitations: "Offene Einladungen",
  expires: "Gültig bis",
  withdraw: "Zurückziehen",
  withdrawOf: (email: string) => `Einladung von ${email} zurückziehen`,
  linkTitle: (email: string) => `Einmal-Link für ${email}`,
  linkText: (hours: number) =>
    `Schicken Sie ihn der Person auf einem Weg, dem Sie vertrauen. Er gilt einmal, ${hours} Stunden lang, und wird nicht noch einmal gezeigt.`,
  copy: "Link kopieren",
  done: "Fertig",
  cancel: "Abbrechen",
};
