import { amountText, countText } from "../numbers.ts";
import { logs } from "./logs.ts";

/** The table, the timeline, the times and live reading. */
export const list = {
  columns: {
    ...logs.columns,
    kind: "Actor kind",
    target: "Target",
    changes: "Changes",
    category: "Category",
    outcome: "Outcome",
    severity: "Severity",
    request: "Request id",
    session: "Session id",
    source: "Source",
    index: "Index",
    received: "Received",
    state: "Entry state",
    reason: "Reason",
  },
  states: {
    present: "Whole",
    erased: "Erased",
    expired: "Expired",
    unreadable: "Unreadable",
  } as Record<string, string>,
  occurred: "Occurred",
  received: "Received",
  receivedLater: (length: string) => `Received ${length} later`,
  receivedEarlier: (length: string) => `Received ${length} before it occurred`,
  chooser: {
    open: "Columns",
    title: "Columns",
    lead: "Kept by this browser; the address carries them too.",
    show: (name: string) => `Show ${name}`,
    up: (name: string) => `Move ${name} to the left`,
    down: (name: string) => `Move ${name} to the right`,
    pin: (name: string) => `Keep ${name} in sight`,
    width: (name: string) => `Width of ${name} in pixels`,
    auto: "auto",
    reset: "Reset",
    done: "Done",
    resize: "Drag to change the width, double-click to reset it",
    least: "One column at least stays.",
  },
  density: { compact: "Compact", cosy: "Cosy" },
  densityHint: (other: string) => `Change to ${other}`,
  times: { absolute: "Absolute times", relative: "Relative times" },
  timesHint: (other: string) => `Change to ${other}`,
  marks: {
    count: (count: number) => `${amountText(count, "event")} selected`,
    copyAs: "Copy as",
    csv: "CSV",
    json: "JSON",
    markdown: "Markdown",
    all: (count: number) => `Select all ${countText(count)} loaded`,
    clear: "Clear the selection",
    copied: (count: number, form: string) => `${amountText(count, "event")} copied as ${form}`,
    failed: "The browser did not allow copying.",
  },
  timeline: {
    leaveOut: (name: string) => `Leave out ${name}`,
    letIn: (name: string) => `Show ${name} again`,
    notRecorded: "Not recorded",
    notRecordedShort: "not recorded",
    notRecordedHere: "not recorded in part",
    missingShort: "numbers missing",
    stopped: (from: string, to: string) =>
      `Not recorded: Indelible was stopped from ${from} to ${to}.`,
    crashed: (from: string, to: string) =>
      `Not recorded: Indelible did not run from ${from} to ${to}. Nobody stopped it in order.`,
    missing: (count: number, source: string, from: string, to: string) =>
      `${amountText(count, "event")} of ${source} missing between ${from} and ${to}: numbers of its sequence never came.`,
    zoomIn: "Zoom in",
    zoomInHint: "Let the timeline show only this time",
    clear: "Clear",
    clearHint: "Show the whole period again",
    handles: { from: "Begin of the chosen time", to: "End of the chosen time" },
  },
  period: {
    recent: "Recent",
    last: (text: string) => {
      const count = Number.parseInt(text, 10);
      const unit = { m: "minute", h: "hour", d: "day" }[text.slice(-1)] ?? "";
      return count === 1 ? `Last ${unit}` : `Last ${amountText(count, unit)}`;
    },
    from: "From",
    to: "To",
    show: "Show these times",
    goTo: "Go to “From”",
    goToHint: "The list of that day, from this minute on, oldest first",
    backwards: "The end must lie after the beginning.",
    copyLink: "Copy link",
    copyLinkHint: "The link keeps exactly these times.",
  },
};
