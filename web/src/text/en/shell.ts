import { amountText } from "../numbers.ts";

export const menu = {
  label: "Main menu",
  open: "Open the menu",
  close: "Close the menu",
  administration: "Administration",
  auditLogs: "Audit Logs",
  users: "Users",
  keys: "API keys",
  status: "Status",
  settings: "Settings",
  governance: "Governance",
  account: (name: string) => `Account of ${name}`,
  accountOf: "Account of",
  language: "Language",
  logOut: "Log out",
  version: (version: string) => `Indelible ${version}`,
};

export const roles: Record<string, string> = {
  admin: "Administrator",
  auditor: "Auditor",
  viewer: "Viewer",
};

export const top = {
  tenant: "Tenant",
  zone: "Time zone of every time on this page",
  zoneUtc: "UTC",
  zoneTenant: "Tenant",
  zoneBrowser: "This browser",
  zoneFind: "Find a time zone",
  zoneNone: "No such time zone.",
  zoneCount: (count: number) => amountText(count, "time zone"),
  theme: (name: string) => `Theme: ${name}`,
  themes: { light: "Light", dark: "Dark", system: "As the system" },
  help: "Keyboard and help",
  back: "Back to the Audit Logs",
};

export const seal = {
  sealed: "Sealed",
  open: "Not sealed yet",
  entries: (count: number) => amountText(count, "entry", "entries"),
  checked: (ago: string) => `checkpoint ${ago}`,
  unwitnessed: "unwitnessed",
  witnesses: (count: number) => amountText(count, "witness", "witnesses"),
  title: (size: number) =>
    `The last checkpoint covers ${amountText(size, "entry", "entries")}. A witness outside this service would confirm it; none is set up.`,
  titleWitnessed: (size: number) =>
    `The last checkpoint covers ${amountText(size, "entry", "entries")} and witnesses confirmed it.`,
  noCheckpoint: "No checkpoint has been signed yet.",
};
