import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { type CategoryFound, type Rule, testCategory } from "../api/retention.ts";
import type { Stream } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { STREAMS } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { labelOf } from "./names.ts";
import { daysText } from "./periods.ts";

const text = messages.retention;

const FIELDS = ["operation", "method", "endpoint", "category"] as const;
type Field = (typeof FIELDS)[number];
const NAMES: Record<Field, string> = {
  operation: text.operation,
  method: text.method,
  endpoint: text.endpoint,
  category: text.named,
};
const EXAMPLES: Record<Field, string> = {
  operation: "CreateDetailsSharingProfile",
  method: "POST",
  endpoint: "/profiles/v3/share-details",
  category: "",
};

interface TesterProps {
  /** Rules that are not saved yet, by category. */
  rules?: Record<string, Rule[]>;
}

/** Which category would this event get? Asks the service, which decides by the same code. */
export function Tester({ rules }: TesterProps) {
  const id = useId();
  const [stream, setStream] = useState<Stream>("user");
  const [values, setValues] = useState<Record<Field, string>>({
    operation: "",
    method: "",
    endpoint: "",
    category: "",
  });
  const find = useMutation({
    mutationFn: () => {
      const given = FIELDS.flatMap((field) => {
        const value = values[field].trim();
        return value ? [[field, value] as const] : [];
      });
      return testCategory({
        stream,
        operation: "",
        ...Object.fromEntries(given),
        ...(rules ? { rules } : {}),
      });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (values.operation.trim()) find.mutate();
  };
  return (
    <form className="tester" onSubmit={submit} aria-label={text.try}>
      <label className="lbl" htmlFor={`${id}-stream`}>
        {text.stream}
        <select
          id={`${id}-stream`}
          className="input"
          value={stream}
          onChange={(event) => setStream(event.target.value as Stream)}
        >
          {STREAMS.map((item) => (
            <option key={item} value={item}>
              {messages.logs.streams[item]}
            </option>
          ))}
        </select>
      </label>
      {FIELDS.map((field) => (
        <label key={field} className="lbl" htmlFor={`${id}-${field}`}>
          {NAMES[field]}
          <input
            id={`${id}-${field}`}
            className="input"
            required={field === "operation"}
            maxLength={500}
            placeholder={EXAMPLES[field]}
            autoComplete="off"
            spellCheck={false}
            value={values[field]}
            onChange={(event) => setValues({ ...values, [field]: event.target.value })}
          />
        </label>
      ))}
      <button
        type="submit"
        className="btn"
        disabled={find.isPending || values.operation.trim() === ""}
      >
        {text.tryButton}
      </button>
      <output className="found">
        {find.isError && (
          <span className="wrong">
            <Icon name="fail" />
            {find.error.message}
          </span>
        )}
        {find.data && <Found found={find.data} />}
      </output>
    </form>
  );
}

const whyText = (by: CategoryFound["by"], position: number | null): string =>
  by === "rule" ? text.by.rule(position ?? 0) : text.by[by];

function Found({ found }: { found: CategoryFound }) {
  const why = whyText(found.by, found.position);
  const { fact, person, content } = found.keep;
  return (
    <>
      <span className="muted">{text.found} </span>
      <b>
        <OneLine text={labelOf({ name: found.category, label: found.label })} />
      </b>
      <span>, {why}. </span>
      <span className="muted">
        {found.recorded
          ? text.foundKept(daysText(fact), daysText(person), daysText(content))
          : text.foundOff}
      </span>
      {found.others.length > 0 && (
        <div className="muted">
          {text.others}{" "}
          {found.others.map(({ category, label, by, position }, at) => (
            <span key={category}>
              {at > 0 && "; "}
              <OneLine text={labelOf({ name: category, label })} /> ({whyText(by, position)})
            </span>
          ))}
          {"."}
        </div>
      )}
    </>
  );
}
