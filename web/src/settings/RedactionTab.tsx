import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { fetchRedaction, type RedactionRules, testRedaction } from "../api/redaction.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import "./redaction.css";

const text = messages.redaction;

const EXAMPLE = JSON.stringify(
  {
    operation: "UpdateProfile",
    changes: [{ path: "password", before: "winter", after: "summer" }],
    metadata: { note: "token ghp_0123456789abcdefghijABCDEFGHIJ012345", ticket: "OPS-12" },
  },
  null,
  2,
);

/** What is masked in every event before it is stored: looked at and tried, set by the operator. */
export default function RedactionTab() {
  const { data, error, refetch } = useQuery({
    queryKey: ["redaction"],
    queryFn: ({ signal }) => fetchRedaction(signal),
  });
  if (error) return <Failure problem={error} retry={() => refetch()} />;
  return (
    <div className="redaction">
      <section className="panel" aria-labelledby="redaction-rules">
        <header>
          <h2 id="redaction-rules">{text.title}</h2>
          <span className="muted">{text.lead}</span>
        </header>
        {data ? <Rules rules={data} /> : <span className="bone key-bone" />}
      </section>
      <section className="panel" aria-labelledby="redaction-try">
        <header>
          <h2 id="redaction-try">{text.try}</h2>
          <span className="muted">{text.tryLead}</span>
        </header>
        <Try />
      </section>
    </div>
  );
}

function Rules({ rules }: { rules: RedactionRules }) {
  const { own } = rules;
  const lists: [string, readonly string[]][] = [
    [text.keys, own.keys],
    [text.paths, own.paths],
    [text.patterns, own.patterns],
    [text.keep, own.keep],
  ];
  return (
    <>
      <dl className="rules-now">
        <div>
          <dt>{text.state}</dt>
          <dd>
            <span className={rules.enabled ? "st ok" : "st fail"}>
              <Icon name={rules.enabled ? "ok" : "fail"} />
              {rules.enabled ? text.on(rules.mask) : text.off}
            </span>
          </dd>
        </div>
        <div>
          <dt>{text.builtIn}</dt>
          <dd>
            <p>{text.looks}</p>
            <p className="names">
              {rules.names.map((name) => (
                <code key={name}>{name}</code>
              ))}
            </p>
          </dd>
        </div>
        {lists.map(([name, values]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="names">
              {values.length === 0
                ? messages.retention.none
                : values.map((value) => (
                    <code key={value}>
                      <Shown text={value} />
                    </code>
                  ))}
            </dd>
          </div>
        ))}
        <div>
          <dt>{text.hash}</dt>
          <dd>
            <code className="hash">{rules.hash}</code>
          </dd>
        </div>
      </dl>
      <p className="in muted where">{text.where}</p>
    </>
  );
}

function Try() {
  const id = useId();
  const [typed, setTyped] = useState(EXAMPLE);
  const [isWrong, setWrong] = useState(false);
  const test = useMutation({ mutationFn: testRedaction });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const value = readObject(typed);
    setWrong(value === null);
    if (value !== null) test.mutate(value);
  };
  return (
    <form className="in" onSubmit={submit}>
      <label className="lbl" htmlFor={id}>
        {text.event}
        <textarea
          id={id}
          className="input mono"
          rows={9}
          spellCheck={false}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? `${id}-wrong` : undefined}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {isWrong && (
        <p className="wrong" id={`${id}-wrong`}>
          <Icon name="fail" />
          {text.notJson}
        </p>
      )}
      <button type="submit" className="btn" disabled={test.isPending}>
        {text.tryButton}
      </button>
      <output>
        {test.isError && (
          <span className="wrong">
            <Icon name="fail" />
            {test.error.message}
          </span>
        )}
        {test.data && (
          <>
            <p>
              {test.data.masked.length === 0 ? text.nothing : text.masked(test.data.masked.length)}
            </p>
            <p className="names">
              {test.data.masked.map((place) => (
                <code key={place}>
                  <Shown text={place} />
                </code>
              ))}
            </p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
            <pre className="stored" tabIndex={0}>
              <Lines text={JSON.stringify(test.data.event, null, 2)} />
            </pre>
          </>
        )}
      </output>
    </form>
  );
}

function Lines({ text: whole }: { text: string }) {
  return whole.split("\n").map((line, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that never changes
    <span key={at}>
      <Shown text={line} />
      {"\n"}
    </span>
  ));
}

function readObject(typed: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(typed);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
