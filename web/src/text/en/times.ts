import { amountText } from "../numbers.ts";

export const times = {
  ago: (amount: string) => `${amount} ago`,
  ahead: (amount: string) => `in ${amount}`,
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number) => `${count} h`,
  days: (count: number) => amountText(count, "day"),
  span: (from: string, to: string) => `${from} to ${to}`,
  /** Length of one bar of the timeline; one day is "day". */
  step: {
    day: (count: number) => (count === 1 ? "day" : amountText(count, "day")),
    hour: (count: number) => (count === 1 ? "hour" : amountText(count, "hour")),
    minute: (count: number) => (count === 1 ? "minute" : amountText(count, "minute")),
    second: (count: number) => (count === 1 ? "second" : amountText(count, "second")),
  },
  formats: { dmy: "DD/MM/YYYY", iso: "YYYY-MM-DD", mdy: "MM/DD/YYYY" },
};

/** Counted things that stand alone. */
export const amounts = {
  events: (count: number) => amountText(count, "event"),
  entries: (count: number) => amountText(count, "entry", "entries"),
  hashes: (count: number) => amountText(count, "hash", "hashes"),
  times: (count: number) => amountText(count, "time"),
  hours: (count: number) => amountText(count, "hour"),
};
