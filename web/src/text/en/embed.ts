import { amountText } from "../numbers.ts";

export const embed = {
  back: "Back to the list",
  ended: {
    "no-token": "Nothing to show yet",
    expired: "This view has ended",
    refused: "This view cannot be shown here",
  },
  endedHint: {
    "no-token": "The page around did not say what you may see. Load it again.",
    expired: "What you may see is given for a short time. Load it again to go on.",
    refused: "The page around is not one that it was meant for. Tell whoever runs it.",
  },
  again: "Load again",
  exportTitle: "Export",
  exportScope: (count: number) => `${amountText(count, "event")} of the period and search shown`,
  exportCounting: "Counting…",
  exportCsv: "CSV",
  exportCsvHint: "For spreadsheets. Cells that would run as a formula get a ' in front.",
  exportLines: "JSON Lines",
  exportLinesHint: "Every field of every event, one event per line.",
  exportForm: "Format",
  exportStart: "Save file",
  exportWorking: "Making the file…",
  exportRecorded: "The export is recorded in the log under your name.",
  cancel: "Cancel",
};
