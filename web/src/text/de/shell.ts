import type * as english from "../en/shell.ts";
import { amountText } from "../numbers.ts";

export const menu: typeof english.menu = {
  label: "Hauptmenü",
  open: "Menü öffnen",
  close: "Menü schließen",
  administration: "Verwaltung",
  auditLogs: "Audit-Logs",
  users: "Benutzer",
  keys: "API-Schlüssel",
  status: "Status",
  settings: "Einstellungen",
  governance: "Governance",
  account: (name: string) => `Konto von ${name}`,
  accountOf: "Konto von",
  language: "Sprache",
  logOut: "Abmelden",
  version: (version: string) => `Indelible ${version}`,
};

export const roles: typeof english.roles = {
  admin: "Administrator",
  auditor: "Prüfer",
  viewer: "Leser",
};

export const top: typeof english.top = {
  tenant: "Mandant",
  zone: "Zeitzone aller Zeiten auf dieser Seite",
  zoneUtc: "UTC",
  zoneTenant: "Mandant",
  zoneBrowser: "Dieser Browser",
  zoneFind: "Zeitzone suchen",
  zoneNone: "Diese Zeitzone gibt es nicht.",
  zoneCount: (count: number) => amountText(count, "Zeitzone", "Zeitzonen"),
  theme: (name: string) => `Farbschema: ${name}`,
  themes: { light: "Hell", dark: "Dunkel", system: "Wie das System" },
  help: "Tastatur und Hilfe",
  back: "Zurück zu den Audit-Logs",
};

export const seal: typeof english.seal = {
  sealed: "Versiegelt",
  open: "Noch nicht versiegelt",
  entries: (count: number) => amountText(count, "Eintrag", "Einträge"),
  checked: (ago: string) => `Prüfpunkt ${ago}`,
  unwitnessed: "unbezeugt",
  witnesses: (count: number) => amountText(count, "Zeuge", "Zeugen"),
  title: (size: number) =>
    `Der letzte Prüfpunkt umfasst ${amountText(size, "Eintrag", "Einträge")}. Ein Zeuge außerhalb dieses Dienstes würde ihn bestätigen; es ist keiner eingerichtet.`,
  titleWitnessed: (size: number) =>
    `Der letzte Prüfpunkt umfasst ${amountText(size, "Eintrag", "Einträge")}, und Zeugen haben ihn bestätigt.`,
  noCheckpoint: "Es wurde noch kein Prüfpunkt signiert.",
};
