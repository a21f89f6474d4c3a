import type { list as english } from "../en/list.ts";
import { countText, decimalText } from "../numbers.ts";
import { logs } from "./logs.ts";

const events = (count: number): string =>
  `${countText(count)} ${count === 1 ? "Ereignis" : "Ereignisse"}`;

/** Tabelle, Zeitleiste, Zeiten und Live-Ansicht. */
export const list: typeof english = {
  columns: {
    ...logs.columns,
    kind: "Art des Akteurs",
    target: "Ziel",
    changes: "Änderungen",
    category: "Kategorie",
    outcome: "Ergebnis",
    severity: "Schwere",
    request: "Anfrage-ID",
    session: "Sitzungs-ID",
    source: "Quelle",
    index: "Index",
    received: "Empfangen",
    state: "Zustand des Eintrags",
    reason: "Grund",
  },
  states: {
    present: "Vollständig",
    erased: "Gelöscht",
    expired: "Abgelaufen",
    unreadable: "Nicht lesbar",
  },
  occurred: "Geschehen",
  received: "Empfangen",
  receivedLater: (length) => `${length} später empfangen`,
  receivedEarlier: (length) => `Empfangen ${length} bevor es geschah`,
  chooser: {
    open: "Spalten",
    title: "Spalten",
    lead: "Behält Ihr Konto; die Spalten stehen auch in der Adresse.",
    leadInFrame: "Gilt, bis diese Seite geschlossen wird.",
    show: (name) => `${name} anzeigen`,
    up: (name) => `${name} nach links verschieben`,
    down: (name) => `${name} nach rechts verschieben`,
    pin: (name) => `${name} im Blick behalten`,
    width: (name) => `Breite von ${name} in Pixeln`,
    auto: "auto",
    reset: "Zurücksetzen",
    done: "Fertig",
    resize: "Ziehen ändert die Breite, Doppelklick setzt sie zurück",
    least: "Mindestens eine Spalte bleibt.",
  },
  density: { compact: "Kompakt", cosy: "Luftig" },
  densityHint: (other) => `Zu „${other}“ wechseln`,
  times: { absolute: "Absolute Zeiten", relative: "Relative Zeiten" },
  timesHint: (other) => `Zu „${other}“ wechseln`,
  marks: {
    count: (count) => `${events(count)} ausgewählt`,
    copyAs: "Kopieren als",
    csv: "CSV",
    json: "JSON",
    markdown: "Markdown",
    all: (count) => `Alle ${countText(count)} geladenen auswählen`,
    clear: "Auswahl aufheben",
    copied: (count, form) => `${events(count)} als ${form} kopiert`,
    failed: "Der Browser hat das Kopieren nicht erlaubt.",
  },
  timeline: {
    leaveOut: (name) => `„${name}“ weglassen`,
    letIn: (name) => `„${name}“ wieder zeigen`,
    notRecorded: "Nicht aufgezeichnet",
    notRecordedShort: "nicht aufgezeichnet",
    notRecordedHere: "teils nicht aufgezeichnet",
    missingShort: "Nummern fehlen",
    offShort: (category: string) => `${category} aus`,
    switchedOff: (category: string, count: number, from: string, to: string) =>
      `${category} war von ${from} bis ${to} abgeschaltet: ${events(count)} nicht aufgezeichnet.`,
    stopped: (from, to) => `Nicht aufgezeichnet: Indelible war von ${from} bis ${to} angehalten.`,
    crashed: (from, to) =>
      `Nicht aufgezeichnet: Indelible lief von ${from} bis ${to} nicht. Niemand hat es ordentlich angehalten.`,
    missing: (count, source, from, to) =>
      `${events(count)} von ${source} ${count === 1 ? "fehlt" : "fehlen"} zwischen ${from} und ${to}: Nummern der Folge kamen nie an.`,
    zoomIn: "Vergrößern",
    zoomInHint: "Die Zeitleiste zeigt dann nur diese Zeit",
    clear: "Aufheben",
    clearHint: "Wieder den ganzen Zeitraum zeigen",
    handles: { from: "Beginn der gewählten Zeit", to: "Ende der gewählten Zeit" },
  },
  period: {
    recent: "Zuletzt",
    last: (text) => {
      const count = Number.parseInt(text, 10);
      const [one, many] = {
        m: ["Minute", "Minuten"],
        h: ["Stunde", "Stunden"],
        d: ["Tag", "Tage"],
      }[text.slice(-1)] ?? ["", ""];
      if (count === 1) return text.endsWith("d") ? `Letzter ${one}` : `Letzte ${one}`;
      return `Letzte ${countText(count)} ${many}`;
    },
    from: "Von",
    to: "Bis",
    show: "Diese Zeiten zeigen",
    goTo: "Zu „Von“ springen",
    goToHint: "Die Liste dieses Tages ab dieser Minute, Älteste zuerst",
    backwards: "Das Ende muss nach dem Beginn liegen.",
    copyLink: "Link kopieren",
    copyLinkHint: "Der Link behält genau diese Zeiten.",
  },
  live: {
    live: "Live",
    on: "Neue Ereignisse zeigen, sobald sie kommen",
    off: "Neue Ereignisse nicht mehr von selbst zeigen",
    impossible: "Live braucht eine Zeit, die jetzt einschließt, Neueste zuerst",
    pause: "Anhalten: neue Ereignisse warten",
    resume: "Weiter",
    states: {
      connecting: "Verbinde …",
      paused: "Angehalten",
      away: "Verbinde neu …",
    },
    rate: (perSecond) => (perSecond === 0 ? "Live" : `Live · ${decimalText(perSecond)}/s`),
    came: (count) =>
      `${countText(count)} ${count === 1 ? "neues Ereignis" : "neue Ereignisse"} in den letzten zehn Sekunden`,
    many: (most) => `Mehr als ${countText(most)} neue Ereignisse`,
  },
};
