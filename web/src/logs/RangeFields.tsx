import { fromAbsolute, toCalendarDate, type ZonedDateTime } from "@internationalized/date";
import { type FormEvent, useState } from "react";
import { DateField, DateInput, DateSegment, Label } from "react-aria-components";
import { messages } from "../text/messages.ts";
import { isoText } from "../time/format.ts";
import type { Scope } from "./scope.ts";
import type { View } from "./view.ts";

interface RangeFieldsProps {
  scope: Scope;
  onChoose: (change: Partial<View>) => void;
}

const minuteOf = (at: number, zone: string): ZonedDateTime =>
  fromAbsolute(Math.floor(at / 60_000) * 60_000, zone);

/** From and to, to the minute, in the zone of the page; and a time to go to. */
export function RangeFields({ scope, onChoose }: RangeFieldsProps) {
  const { shown, zone } = scope;
  const text = messages.list.period;
  const [from, setFrom] = useState<ZonedDateTime | null>(() => minuteOf(shown.from, zone));
  const [to, setTo] = useState<ZonedDateTime | null>(() => minuteOf(shown.to, zone));
  const isBackwards = from !== null && to !== null && from.compare(to) >= 0;

  const show = (event: FormEvent) => {
    event.preventDefault();
    if (!from || !to || isBackwards) return;
    onChoose({
      period: null,
      date: null,
      last: null,
      from: isoText(from.toDate().getTime()),
      to: isoText(to.toDate().getTime()),
      event: null,
    });
  };
  // The day that holds the time, from there on: the oldest first, so that it stands on top.
  const goTo = () => {
    if (!from) return;
    const day = toCalendarDate(from);
    const end = fromAbsolute(from.toDate().getTime(), zone).set({ hour: 0, minute: 0 });
    onChoose({
      period: "day",
      date: day.toString(),
      last: null,
      from: isoText(from.toDate().getTime()),
      to: isoText(end.add({ days: 1 }).toDate().getTime()),
      order: "asc",
      event: null,
    });
  };
  return (
    <form className="range" onSubmit={show}>
      <MinuteField label={text.from} value={from} onChange={setFrom} />
      <MinuteField label={text.to} value={to} onChange={setTo} />
      <div className="acts">
        <button type="submit" className="btn main" disabled={!from || !to || isBackwards}>
          {text.show}
        </button>
        <button type="button" className="btn" title={text.goToHint} disabled={!from} onClick={goTo}>
          {text.goTo}
        </button>
      </div>
      <output className="wrong">{isBackwards ? text.backwards : ""}</output>
    </form>
  );
}

interface MinuteFieldProps {
  label: string;
  value: ZonedDateTime | null;
  onChange: (value: ZonedDateTime | null) => void;
}

function MinuteField({ label, value, onChange }: MinuteFieldProps) {
  return (
    <DateField
      className="minute"
      granularity="minute"
      hourCycle={24}
      hideTimeZone
      shouldForceLeadingZeros
      value={value}
      onChange={onChange}
    >
      <Label>{label}</Label>
      <DateInput className="input segments">
        {(segment) => <DateSegment className="segment" segment={segment} />}
      </DateInput>
    </DateField>
  );
}
