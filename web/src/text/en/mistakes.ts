/** What is wrong with a search: what is said of it, what was expected there, and what may help. */
export interface Said {
  what: string;
  expected: string;
  hint?: string;
}

const term = "a word, a phrase, field:value or (…)";
const quotes = 'put text in "quotes" to search for it as it is';
const compared = "a number, a comparison such as >=800, or a range such as 10..20";

/** By the name of the mistake; the values are as they were typed, and hostile. */
export const mistakes = {
  "too-long": (v) => ({ what: "the query is too long", expected: `${v.limit} characters at most` }),
  "two-terms-together": () => ({
    what: "two terms stand together",
    expected: "a space between them",
  }),
  "two-negations": () => ({
    what: "two signs of negation",
    expected: "one of them",
    hint: quotes,
  }),
  "too-deep": (v) => ({
    what: "parentheses too deep",
    expected: `${v.limit} inside each other at most`,
  }),
  "too-many-terms": (v) => ({ what: `more than ${v.limit} terms`, expected: "fewer terms" }),
  "no-place": (v) => ({ what: `${v.word} cannot stand here`, expected: term, hint: quotes }),
  "nothing-follows": (v) => ({ what: `nothing follows ${v.word}`, expected: term, hint: quotes }),
  "only-stars": () => ({ what: "a * alone finds everything", expected: "a word", hint: quotes }),
  "not-closed": () => ({
    what: "a parenthesis is not closed",
    expected: "a closing )",
    hint: quotes,
  }),
  "too-short": () => ({ what: "the query ends too soon", expected: term }),
  "empty-parentheses": () => ({ what: "the parentheses are empty", expected: term }),
  "closes-nothing": () => ({
    what: "a parenthesis closes nothing",
    expected: term,
    hint: quotes,
  }),
  "no-value": (v) => ({ what: `${v.field} has no value`, expected: "a value" }),
  "empty-quotes": () => ({ what: "the quotes are empty", expected: "text between the quotes" }),
  "open-quote": () => ({ what: "a quote is not closed", expected: 'a closing "' }),
  "unknown-field": (v) => ({
    what: `unknown field ${v.field}`,
    expected: `one of ${v.fields}`,
    hint: v.close ? `did you mean ${v.close}?` : quotes,
  }),
  "inside-field": (v) => ({
    what: `${v.word} stands inside ${v.field}(…)`,
    expected: `a value of ${v.field}`,
    hint: quotes,
  }),
  "unknown-value": (v) => ({
    what: `${v.field} cannot be ${v.value}`,
    expected: `one of ${v.allowed}`,
  }),
  "no-number": (v) => ({ what: `${v.value} is not a number for ${v.field}`, expected: compared }),
  "no-duration": (v) => ({
    what: `${v.value} is not a duration`,
    expected: "a duration such as >=5s, or a range such as 1s..5s",
  }),
  "no-status": (v) => ({
    what: `${v.value} is not a status`,
    expected: "a number, 4xx, a comparison such as >=400, a range such as 400..499, or none",
  }),
  "no-address": (v) => ({
    what: `${v.value} is not an address`,
    expected: "an address, a network such as 10.0.0.0/8, a range, or 10.0.*",
  }),
  "no-id": (v) => ({ what: `${v.value} is not an event id`, expected: "a UUID" }),
} satisfies Record<string, (values: Record<string, string>) => Said>;
