import type * as english from "../en/times.ts";
import { amountText } from "../numbers.ts";

export const times: typeof english.times = {
  ago: (amount: string) => `vor ${amount}`,
  ahead: (amount: string) => `in ${amount}`,
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number) => `${count} h`,
  days: (count: number) => amountText(count, "Tag", "Tagen"),
  span: (from: string, to: string) => `${from} bis ${to}`,
  step: {
    day: (count: number) => (count === 1 ? "Tag" : amountText(count, "Tag", "Tage")),
    hour: (count: number) => (count === 1 ? "Stunde" : amountText(count, "Stunde", "Stunden")),
    minute: (count: number) => (count === 1 ? "Minute" : amountText(count, "Minute", "Minuten")),
    second: (count: number) => (count === 1 ? "Sekunde" : amountText(count, "Sekunde", "Sekunden")),
  },
  formats: { dmy: "TT/MM/JJJJ", iso: "JJJJ-MM-TT", mdy: "MM/TT/JJJJ" },
};

export const amounts: typeof english.amounts = {
  events: (count: number) => amountText(count, "Ereignis", "Ereignisse"),
  entries: (count: number) => amountText(count, "Eintrag", "Einträge"),
  hashes: (count: number) => amountText(count, "Hash", "Hashes"),
  times: (count: number) => amountText(count, "Mal", "Mal"),
  hours: (count: number) => amountText(count, "Stunde", "Stunden"),
};
