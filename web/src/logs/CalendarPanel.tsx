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
import type { Period, WeekStart } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import "../styles/calendar.css";
import { locale } from "../text/language.ts";
import { messages } from "../text/messages.ts";
import { firstDay, firstDayOf, lastDay } from "../time/periods.ts";

interface CalendarPanelProps {
  date: CalendarDate;
  today: CalendarDate;
  period: Period;
  weekStart: WeekStart;
  onChoose: (date: CalendarDate) => void;
}

/** A month of days; the chosen week or month is drawn as one band. The future cannot be chosen. */
export default function CalendarPanel(props: CalendarPanelProps) {
  const { date, today, period, weekStart, onChoose } = props;
  const first = firstDay(period, date, weekStart);
  const last = lastDay(period, date, weekStart);
  const isInside = (day: CalendarDate): boolean =>
    period !== "day" && day.compare(first) >= 0 && day.compare(last) <= 0;
  return (
    <I18nProvider locale={locale}>
      <Calendar
        className="calendar"
        aria-label={messages.logs.calendar}
        autoFocus
        value={date}
        maxValue={today}
        firstDayOfWeek={firstDayOf(weekStart)}
        onChange={onChoose}
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
    </I18nProvider>
  );
}
