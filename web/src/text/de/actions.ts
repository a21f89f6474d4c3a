import type * as english from "../en/actions.ts";

export const actions: typeof english.actions = {
  label: "Aktionen zu diesem Wert",
  filter: (value: string) => `Nach ${value} filtern`,
  exclude: (value: string) => `${value} auslassen`,
  copy: "Wert kopieren",
  onlyActor: "Nur dieser Akteur",
  onlyIp: "Nur diese IP-Adresse",
  onlyRequest: "Nur diese Anfrage",
  onlySession: "Nur diese Sitzung",
  onlyJob: "Nur dieser Job",
  around: "Um dieses Ereignis herum, ± 5 min",
  steps: "Schritte dieses Akteurs, ± 30 min",
};
