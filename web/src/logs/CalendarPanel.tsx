import type { CalendarDate } from "@internationalized/date";
import {
  Button,
  Calendar,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  Heading,
  I18nProvider,
} from "react-aria-components";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import "../styles/calendar.css";
import { locale } from "../text/language.ts";
import { messages } from "../text/messages.ts";
import { firstDay, firstDayOf, lastDay, readDate } from "../time/periods.ts";
import "./period.css";
import { RangeFields } from "./RangeFields.tsx";
import { pinnedAddress, type Scope } from "./scope.ts";
import type { View } from "./view.ts";

interface CalendarPanelProps {
  scope: Scope;
  onChoose: (change: Partial<View>) => void;
}

export const PRESETS = ["5m", "15m", "30m", "1h", "4h", "24h"] as const;
/** The order of day, month and year in the fields follows the settings, names the language. */
const LOCALES = { dmy: locale, mdy: "en-US", iso: "en-CA" };

/**
 * Ways to choose a time: the last minutes or hours, a day, week or month of the calendar (the
 * chosen one is drawn as one band, the future cannot be chosen), or times to the minute.
 */
export default function CalendarPanel({ scope, onChoose }: CalendarPanelProps) {
  const { view, today, settings } = scope;
  const period = view.period ?? "day";
  const date = readDate(view.date) ?? scope.date;
  const text = messages.list.period;
  const first = firstDay(period, date, settings.week_start);
  const last = lastDay(period, date, settings.week_start);
  const isInside = (day: CalendarDate): boolean =>
    period !== "day" && day.compare(first) >= 0 && day.compare(last) <= 0;
  const none = { from: null, to: null, event: null };
  return (
    <I18nProvider locale={locale}>
      <div className="by">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a column */}
        <div className="presets" role="group" aria-label={text.recent}>
          <p className="muted">{text.recent}</p>
          {PRESETS.map((preset) => (
            <button
              key={preset}
              type="button"
              aria-pressed={view.last === preset}
              onClick={() =>
                onChoose({ ...none, last: preset, period: null, date: null, order: "desc" })
              }
            >
              {text.last(preset)}
            </button>
          ))}
        </div>
        <Calendar
          className="calendar"
          aria-label={messages.logs.calendar}
          autoFocus
          value={date}
          maxValue={today}
          firstDayOfWeek={firstDayOf(settings.week_start)}
          onChange={(chosen) =>
            onChoose({
              ...none,
              period,
              date: chosen.compare(today) === 0 ? null : chosen.toString(),
            })
          }
        >
          <header>
            <Button slot="previous" className="btn icon quiet">
              <Icon name="left" />
            </Button>
            <Heading />
            <Button slot="next" className="btn icon quiet">
              <Icon name="right" />
            </Button>
          </header>
          <CalendarGrid weekdayStyle="short">
            <CalendarGridHeader>
              {(day) => <CalendarHeaderCell>{day}</CalendarHeaderCell>}
            </CalendarGridHeader>
            <CalendarGridBody>
              {(day) => (
                <CalendarCell
                  date={day}
                  className={[
                    "day",
                    isInside(day) ? "inside" : "",
                    day.compare(today) === 0 ? "today" : "",
                  ].join(" ")}
                />
              )}
            </CalendarGridBody>
          </CalendarGrid>
          {period !== "day" && (
            <p>{period === "week" ? messages.logs.weekHint : messages.logs.monthHint}</p>
          )}
        </Calendar>
      </div>
      <I18nProvider locale={LOCALES[settings.date_format]}>
        <RangeFields scope={scope} onChoose={onChoose} />
      </I18nProvider>
      <div className="link">
        <CopyButton
          text={() => pinnedAddress(scope, view.cols)}
          label={text.copyLink}
          face={text.copyLink}
          className="btn"
        />
        <span className="muted">{text.copyLinkHint}</span>
      </div>
    </I18nProvider>
  );
}
