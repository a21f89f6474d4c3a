import type * as english from "../en/embed.ts";
import { amountText } from "../numbers.ts";

export const embed: typeof english.embed = {
  back: "Zurück zur Liste",
  ended: {
    "no-token": "Noch nichts anzuzeigen",
    expired: "Diese Ansicht ist abgelaufen",
    refused: "Diese Ansicht kann hier nicht gezeigt werden",
  },
  endedHint: {
    "no-token": "Die Seite ringsum hat nicht gesagt, was Sie sehen dürfen. Laden Sie sie neu.",
    expired: "Was Sie sehen dürfen, gilt nur für kurze Zeit. Laden Sie neu, um weiterzulesen.",
    refused:
      "Für die Seite ringsum war diese Ansicht nicht bestimmt. Wenden Sie sich an deren Betreiber.",
  },
  again: "Neu laden",
  exportTitle: "Exportieren",
  exportScope: (count: number) =>
    `${amountText(count, "Ereignis", "Ereignisse")} des gezeigten Zeitraums und der Suche`,
  exportCounting: "Wird gezählt …",
  exportCsv: "CSV",
  exportCsvHint:
    "Für Tabellenprogramme. Zellen, die als Formel ausgeführt würden, bekommen ein ' vorangestellt.",
  exportLines: "JSON Lines",
  exportLinesHint: "Jedes Feld jedes Ereignisses, ein Ereignis je Zeile.",
  exportForm: "Format",
  exportStart: "Datei speichern",
  exportWorking: "Die Datei entsteht …",
  exportRecorded: "Der Export wird unter Ihrem Namen im Log festgehalten.",
  cancel: "Abbrechen",
};
