import { useEffect, useRef, useState } from "react";
import type { Days } from "../api/retention.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { daysText, MOST_DAYS, OFFERED, readDays } from "./periods.ts";

const text = messages.retention.days;

interface DaysFieldProps {
  days: Days;
  /** The least that a floor allows. */
  least?: number;
  label: string;
  changed?: boolean;
  wrong?: boolean;
  disabled?: boolean;
  onChange: (days: Days) => void;
}

/** A period: one that is offered, for ever, or any number of days. */
export function DaysField(props: DaysFieldProps) {
  const { days, least = 1, label, changed, wrong, disabled, onChange } = props;
  const [isTyping, setTyping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const select = useRef<HTMLSelectElement>(null);
  const cameFromTyping = useRef(false);
  useEffect(() => {
    if (isTyping) {
      input.current?.focus();
      input.current?.select();
    } else if (cameFromTyping.current) select.current?.focus();
    cameFromTyping.current = isTyping;
  }, [isTyping]);
  const tone = changed ? "days-field changed" : "days-field";
  if (isTyping) {
    const take = () => {
      const typed = readDays(input.current?.value ?? "");
      if (typed !== null) onChange(Math.max(typed, least));
      setTyping(false);
    };
    return (
      <span className={tone}>
        <input
          ref={input}
          type="number"
          min={least}
          max={MOST_DAYS}
          defaultValue={days ?? least}
          aria-label={`${label} (${text.typed})`}
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              event.preventDefault();
              take();
            } else if (event.key === "Escape") {
              event.stopPropagation();
              setTyping(false);
            }
          }}
        />
      </span>
    );
  }
  const offered = days === null || OFFERED.includes(days) ? OFFERED : [...OFFERED, days];
  return (
    <span className={wrong ? `${tone} wrong-days` : tone}>
      <select
        ref={select}
        aria-label={label}
        aria-invalid={wrong || undefined}
        disabled={disabled}
        value={days === null ? "ever" : `${days}`}
        onChange={(event) => {
          const { value } = event.target;
          if (value === "other") setTyping(true);
          else onChange(value === "ever" ? null : Number(value));
        }}
      >
        {[...offered]
          .sort((one, other) => one - other)
          .map((option) => (
            <option key={option} value={option} disabled={option < least}>
              {option < least ? `${daysText(option)} (${text.under})` : daysText(option)}
            </option>
          ))}
        <option value="ever">{text.forEverAlone}</option>
        <option value="other">{text.other}</option>
      </select>
      <Icon name="down" />
    </span>
  );
}
