import { fromAbsolute, parseDateTime, toZoned } from "@internationalized/date";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { trail } from "../text/trail.ts";
import type { StepsAsked } from "./link.ts";

const text = trail.steps;
const KINDS = ["actor", "session", "request"] as const;
type Kind = (typeof KINDS)[number];

export type Asked = Required<StepsAsked>;

interface StepsFormProps {
  asked: Asked;
  zone: string;
  onShow: (asked: Asked) => void;
  children: ReactNode;
}

const MINUTES: [keyof typeof text & ("last30" | "lastHour" | "lastDay"), number][] = [
  ["last30", 30],
  ["lastHour", 60],
  ["lastDay", 1440],
];

/** A moment as the browser's own field for date and time wants it, in the page's zone. */
function fieldText(iso: string | null, zone: string): string {
  if (iso === null) return "";
  const local = fromAbsolute(Date.parse(iso), zone);
  return local.toString().slice(0, 16);
}

function momentOf(field: string, zone: string): string | null {
  try {
    return field ? toZoned(parseDateTime(field), zone).toAbsoluteString() : null;
  } catch {
    return null;
  }
}

/** Whose steps, and from when to when. */
export function StepsForm({ asked, zone, onShow, children }: StepsFormProps) {
  const id = useId();
  const [kind, setKind] = useState<Kind>(KINDS.find((one) => asked[one] !== null) ?? "actor");
  const [value, setValue] = useState(asked[kind] ?? "");
  const [from, setFrom] = useState(() => fieldText(asked.from, zone));
  const [to, setTo] = useState(() => fieldText(asked.to, zone));
  const whose = { actor: null, session: null, request: null, [kind]: value.trim() || null };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onShow({ ...asked, ...whose, from: momentOf(from, zone), to: momentOf(to, zone) });
  };
  const last = (minutes: number | null) => {
    const now = Date.now();
    onShow({
      ...asked,
      ...whose,
      from: minutes === null ? null : new Date(now - minutes * 60_000).toISOString(),
      to: minutes === null ? null : new Date(now).toISOString(),
    });
  };
  return (
    <form className="steps-form" onSubmit={submit}>
      <label className="vh" htmlFor={`${id}-kind`}>
        {text.whose}
      </label>
      <select
        id={`${id}-kind`}
        className="input"
        value={kind}
        onChange={(event) => setKind(event.target.value as Kind)}
      >
        {KINDS.map((one) => (
          <option key={one} value={one}>
            {text.kinds[one]}
          </option>
        ))}
      </select>
      <input
        className="input steps-whose"
        aria-label={text.kinds[kind]}
        placeholder={text.hints[kind]}
        value={value}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setValue(event.target.value)}
      />
      <label className="steps-when">
        <span>{text.from}</span>
        <input
          className="input"
          type="datetime-local"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label className="steps-when">
        <span>{text.to}</span>
        <input
          className="input"
          type="datetime-local"
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      <button type="submit" className="btn">
        {text.show}
      </button>
      <fieldset className="steps-quick" aria-label={text.quick}>
        {MINUTES.map(([name, minutes]) => (
          <button key={name} type="button" className="linkish" onClick={() => last(minutes)}>
            {text[name]}
          </button>
        ))}
        <button type="button" className="linkish" onClick={() => last(null)}>
          {text.always}
        </button>
      </fieldset>
      <span className="grow" />
      {children}
    </form>
  );
}
