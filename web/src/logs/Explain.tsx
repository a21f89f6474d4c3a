import type { ReactNode } from "react";
import { ApiProblem } from "../api/client.ts";
import { readTerms } from "../query/terms.ts";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import type { Scope } from "./scope.ts";

interface ExplainProps {
  scope: Scope;
  /** The service's own sentence for query and time. */
  explained: string | null;
  /** The part of it that says when. */
  when: string;
  count: number | null;
  total: number | null;
  problem: unknown;
}

/** The sentence in three: what, the part that says when, which is set bold, and what follows it. */
export function splitSentence(sentence: string, when: string): [string, string, string] {
  const at = when ? sentence.lastIndexOf(when) : -1;
  if (at < 0) return [sentence, "", ""];
  return [sentence.slice(0, at), when, sentence.slice(at + when.length)];
}

/** One sentence that says what is shown, or where the search text cannot be read. */
export function Explain({ scope, explained, when, count, total, problem }: ExplainProps) {
  if (problem instanceof ApiProblem && problem.status === 400 && scope.view.q) {
    return <Wrong q={scope.view.q.trim()} problem={problem} />;
  }
  const text = messages.logs;
  if (explained === null) {
    return (
      <p id="explain" className="explain" aria-live="polite">
        {problem ? messages.states.errorTitle : text.reading}
      </p>
    );
  }
  const [what, time, rest] = splitSentence(explained, when);
  const values = readTerms(scope.view.q).map((term) => term.value);
  return (
    <p id="explain" className="explain" aria-live="polite">
      <Bold text={what} values={values} />
      <b>
        <Shown text={time} />
      </b>
      <Shown text={rest} /> {count === null ? text.reading : text.counted(count, total ?? count)}
    </p>
  );
}

/** The sentence with the values of the search set bold, each where it comes after the one before. */
function Bold({ text, values }: { text: string; values: string[] }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const typed of values) {
    const ours = messages.query.values[typed.toLowerCase()];
    const value = ours !== undefined && text.indexOf(ours, at) >= 0 ? ours : typed;
    const place = value.length > 1 ? text.indexOf(value, at) : -1;
    if (place < 0) continue;
    // "not 2xx" says together what is looked for.
    const not = /(?:not|nicht) $/.exec(text.slice(at, place))?.[0].length ?? 0;
    const from = place - not;
    const end = place + value.length;
    parts.push(<Shown key={at} text={text.slice(at, from)} />);
    parts.push(
      <b key={`${at} b`}>
        <Shown text={text.slice(from, end)} />
      </b>,
    );
    at = end;
  }
  return [...parts, <Shown key="rest" text={text.slice(at)} />];
}

/** Shows the text with the place of the mistake marked; the token there runs to the next space. */
function Wrong({ q, problem }: { q: string; problem: ApiProblem }) {
  const { position, expected, detail } = problem;
  const at = position === null ? null : Math.min(Math.max(0, position), q.length);
  const rest = at === null ? "" : q.slice(at);
  const token = /^\s*\S*/.exec(rest)?.[0] || " ";
  return (
    <p id="explain" className="explain bad" role="alert">
      {messages.logs.searchWrong(detail)}
      {expected && ` ${messages.logs.searchExpected(expected)}`}{" "}
      {at !== null && (
        <code className="at">
          <Shown text={q.slice(0, at)} />
          <mark>
            <Shown text={token} />
          </mark>
          <Shown text={q.slice(at + token.length)} />
        </code>
      )}
    </p>
  );
}
