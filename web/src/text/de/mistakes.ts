import type { mistakes as english } from "../en/mistakes.ts";

const term = "ein Wort, ein Ausdruck in Anführungszeichen, feld:wert oder (…)";
const quotes = 'Setzen Sie Text in "Anführungszeichen", um ihn so zu suchen, wie er dasteht';
const compared = "eine Zahl, ein Vergleich wie >=800 oder ein Bereich wie 10..20";

export const mistakes: typeof english = {
  "too-long": (v) => ({
    what: "Die Suche ist zu lang",
    expected: `höchstens ${v.limit} Zeichen`,
  }),
  "two-terms-together": () => ({
    what: "Zwei Begriffe stehen ohne Abstand",
    expected: "ein Leerzeichen dazwischen",
  }),
  "two-negations": () => ({
    what: "Zwei Zeichen der Verneinung",
    expected: "eines davon",
    hint: quotes,
  }),
  "too-deep": (v) => ({
    what: "Die Klammern sind zu tief geschachtelt",
    expected: `höchstens ${v.limit} ineinander`,
  }),
  "too-many-terms": (v) => ({
    what: `Mehr als ${v.limit} Begriffe`,
    expected: "weniger Begriffe",
  }),
  "no-place": (v) => ({ what: `${v.word} kann hier nicht stehen`, expected: term, hint: quotes }),
  "nothing-follows": (v) => ({ what: `Nach ${v.word} folgt nichts`, expected: term, hint: quotes }),
  "only-stars": () => ({ what: "Ein * allein findet alles", expected: "ein Wort", hint: quotes }),
  "not-closed": () => ({
    what: "Eine Klammer ist nicht geschlossen",
    expected: "eine schließende )",
    hint: quotes,
  }),
  "too-short": () => ({ what: "Die Suche endet zu früh", expected: term }),
  "empty-parentheses": () => ({ what: "Die Klammern sind leer", expected: term }),
  "closes-nothing": () => ({
    what: "Eine Klammer schließt nichts",
    expected: term,
    hint: quotes,
  }),
  "no-value": (v) => ({ what: `${v.field} hat keinen Wert`, expected: "ein Wert" }),
  "empty-quotes": () => ({
    what: "Die Anführungszeichen sind leer",
    expected: "Text zwischen den Anführungszeichen",
  }),
  "open-quote": () => ({
    what: "Ein Anführungszeichen ist nicht geschlossen",
    expected: 'ein schließendes "',
  }),
  "unknown-field": (v) => ({
    what: `Das Feld ${v.field} gibt es nicht`,
    expected: `eines von ${v.fields}`,
    hint: v.close ? `Meinten Sie ${v.close}?` : quotes,
  }),
  "inside-field": (v) => ({
    what: `${v.word} steht innerhalb von ${v.field}(…)`,
    expected: `ein Wert von ${v.field}`,
    hint: quotes,
  }),
  "unknown-value": (v) => ({
    what: `${v.field} kann nicht ${v.value} sein`,
    expected: `eines von ${v.allowed}`,
  }),
  "no-number": (v) => ({
    what: `${v.value} ist keine Zahl für ${v.field}`,
    expected: compared,
  }),
  "no-duration": (v) => ({
    what: `${v.value} ist keine Dauer`,
    expected: "eine Dauer wie >=5s oder ein Bereich wie 1s..5s",
  }),
  "no-status": (v) => ({
    what: `${v.value} ist kein Status`,
    expected: "eine Zahl, 4xx, ein Vergleich wie >=400, ein Bereich wie 400..499 oder none",
  }),
  "no-address": (v) => ({
    what: `${v.value} ist keine Adresse`,
    expected: "eine Adresse, ein Netz wie 10.0.0.0/8, ein Bereich oder 10.0.*",
  }),
  "no-id": (v) => ({
    what: `${v.value} ist keine ID eines Ereignisses`,
    expected: "eine UUID",
  }),
};
