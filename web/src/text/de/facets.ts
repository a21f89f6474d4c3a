import type * as english from "../en/facets.ts";

export const facets: typeof english.facets = {
  label: "Filter",
  open: "Filter",
  titles: {
    outcome: "Ergebnis",
    kind: "Art des Akteurs",
    category: "Kategorie",
    operation: "Vorgang",
    actor: "Akteur",
    ip: "IP-Adresse",
    method: "Methode",
    endpoint: "Endpunkt",
    status: "Statusklasse",
    source: "Quelle",
  },
  find: (title: string) => `${title} durchsuchen`,
  only: "nur",
  onlyThis: (label: string) => `Nur ${label}`,
  leaveOut: (label: string) => `${label} auslassen`,
  more: (count: number) => `${count} weitere`,
  fewer: "Weniger",
  nothing: "Hier keine",
};
