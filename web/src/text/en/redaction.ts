import { amountText } from "../numbers.ts";

export const redaction = {
  tab: "Redaction",
  title: "Rules in force",
  lead: "Masked before an event is stored: what is masked never was in the log.",
  state: "Masking",
  on: (mask: string) => `On: a masked value reads ${mask}`,
  off: "Off: events are stored as they arrive",
  builtIn: "Built in",
  looks:
    "Tokens, keys, card numbers and passwords in addresses are known by their look. Fields with these names are masked wherever they stand:",
  keys: "Further names",
  paths: "Places",
  patterns: "Patterns",
  keep: "Kept readable",
  hash: "SHA-256 of the rules",
  where:
    "Rules are set in indelible.toml (group redact) by whoever runs the service. Each start of the service is an event that tells their hash; the SDK masks by the same rules before it sends.",
  try: "Try an event",
  tryLead: "Nothing is stored.",
  event: "An event as JSON",
  notJson: "This is no JSON object.",
  tryButton: "Show what would be masked",
  nothing: "Nothing would be masked.",
  masked: (count: number) => `${amountText(count, "place")} would be masked:`,
};
