import type * as english from "../en/governance.ts";

export const governance: typeof english.governance = {
  title: "Governance",
  lead: "Was über dieses Log beschlossen wurde, von wem und seit wann, und wer was sehen kann. Nichts davon lässt sich ändern oder zurücknehmen, ohne dass es selbst im Log steht.",
  notForViewers: "Diese Seite ist für Prüfer und Administratoren.",
  access: {
    title: "Wer was sehen kann",
    lead: "Personen, Einladungen und Schlüssel.",
    at: (moment: string) => `Stand ${moment}.`,
    export: "Zugriffsprüfung (CSV)",
    exportHint:
      "Eine Tabelle der Personen, Rollen, Schlüssel und ihrer letzten Nutzung. Ihr Abruf ist ein Ereignis.",
    people: "Personen",
    keys: "API-Schlüssel",
    person: "Person",
    key: "Schlüssel",
    role: "Rolle",
    kind: "Art",
    may: "Darf",
    since: "Seit",
    lastUse: "Zuletzt genutzt",
    roleMay: {
      viewer: "Lesen, Personendaten verdeckt",
      auditor: "Lesen, exportieren, prüfen",
      admin: "Lesen, exportieren, prüfen; Personen, Schlüssel, Einstellungen",
    },
    kindNames: { w: "Schreiben", r: "Lesen", a: "Verwalten" },
    nothingYet: "Noch nichts",
    invitedUntil: (moment: string) => `Eingeladen bis ${moment}`,
    revoked: (moment: string) => `Widerrufen ${moment}`,
  },
};
