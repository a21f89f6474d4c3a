"""
Days, weeks, months and free ranges in a time zone, as half-open ranges of UTC microseconds.

A day is what lies between two midnights of the zone: 23, 24 or 25 hours where clocks change. Where
midnight does not exist the day starts at its first moment; where it comes twice, at the first one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from indelible.clock import to_datetime, to_us
from indelible.errors import InvalidRequest

PeriodName = Literal["day", "week", "month"]
WeekStart = Literal["monday", "sunday", "saturday"]

PERIODS: Final = ("day", "week", "month")
WEEK_STARTS: Final[dict[str, int]] = {"monday": 0, "saturday": 5, "sunday": 6}
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+\-]{1,40}(/[A-Za-z0-9_+\-]{1,40}){0,3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Events with `from_us` <= time < `to_us`; None is open. The period says how it was named."""

    tz: str
    from_us: int | None = None
    to_us: int | None = None
    period: PeriodName | None = None
    date: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the range was chosen and is shown."""
        return zone_of(self.tz)


@lru_cache(maxsize=1024)
def zone_of(name: str, parameter: str = "tz") -> ZoneInfo:
    """The zone of an IANA name. Raises InvalidRequest."""
    if _ZONE_NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise InvalidRequest(
        f"unknown time zone {name!r}",
        parameter=parameter,
        expected="an IANA name",
        hint="for example Europe/Berlin or UTC",
    )


def parse_date(text: str, parameter: str) -> date:
    """A calendar date `YYYY-MM-DD`. Raises InvalidRequest."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidRequest(
        f"{text!r} is not a date", parameter=parameter, expected="a date such as 2026-11-22"
    )


def parse_moment(text: str, zone: ZoneInfo, parameter: str) -> int:
    """
    A moment in microseconds: RFC 3339, or a date or local time without offset, read in the zone.

    Raises InvalidRequest.
    """
    if _DATE.fullmatch(text):
        return start_of_day(parse_date(text, parameter), zone)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if _spaced(text) else text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return to_us(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{text!r} is not a moment",
            parameter=parameter,
            expected="RFC 3339, such as 2026-11-22T09:15:04Z",
        ) from None


def _spaced(text: str) -> bool:
    """Whether a `+` of an offset came as a space, as it does when nobody escaped it."""
    return re.search(r"T\d{2}:\d{2}.* \d{2}:?\d{2}$", text) is not None


def start_of_day(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day in a zone, in microseconds."""
    # Without a fold a local time that does not exist is read with the offset before the change,
    # which is the moment of the change: the day's first.
    try:
        return to_us(datetime.combine(day, time(), zone).astimezone(UTC))
    except OverflowError:
        return to_us(datetime.combine(day, time(), UTC))


def range_of_period(
    period: PeriodName, day: date, tz: str, week_start: WeekStart = "monday"
) -> Range:
    """The day, week or month that holds a day. Raises InvalidRequest beyond the calendar."""
    zone = zone_of(tz)
    try:
        if period == "day":
            first, after = day, day + timedelta(days=1)
        elif period == "week":
            first = day - timedelta(days=(day.weekday() - WEEK_STARTS[week_start]) % 7)
            after = first + timedelta(days=7)
        else:
            first = day.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
    except OverflowError:
        raise InvalidRequest(f"{day} is out of the calendar", parameter="date") from None
    return Range(
        tz=tz,
        from_us=start_of_day(first, zone),
        to_us=start_of_day(after, zone),
        period=period,
        date=first,
    )


def today(now_us: int, tz: str) -> date:
    """The date that it is in a zone."""
    return to_datetime(now_us).astimezone(zone_of(tz)).date()


# Widths of bars that people can name. From a day on, bars follow the calendar of the zone.
_STEPS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY_S: Final = 86_400
_STEPS_DAYS: Final = (1, 7, 14, 28, 91, 182, 364, 728, 1820, 3640)


def bucket_edges(from_us: int, to_us: int, tz: str, wanted: int) -> tuple[int, list[int]]:
    """
    The edges of a histogram's bars over a range, and the usual width of a bar in seconds.

    Edges lie on round local times; the first is at or before `from_us`, the last at or after
    `to_us`. At most about `wanted` bars.
    """
    span_s = max(1, (to_us - from_us) // 1_000_000)
    zone = zone_of(tz)
    least = span_s / max(1, wanted)
    for step in _STEPS_S:
        if step >= least:
            return step, _edges_of_seconds(from_us, to_us, zone, step)
    days = next((days for days in _STEPS_DAYS if days * _DAY_S >= least * 0.99), _STEPS_DAYS[-1])
    first = to_datetime(from_us).astimezone(zone).date()
    edges = [start_of_day(first, zone)]
    while edges[-1] < to_us:
        try:
            first += timedelta(days=days)
        except OverflowError:
            edges.append(to_us)
            break
        edges.append(start_of_day(first, zone))
    return days * _DAY_S, edges


def _edges_of_seconds(from_us: int, to_us: int, zone: ZoneInfo, step_s: int) -> list[int]:
    """Edges each `step_s` seconds of real time, counted from local midnight of the first day."""
    step_us = step_s * 1_000_000
    midnight = start_of_day(to_datetime(from_us).astimezone(zone).date(), zone)
    first = midnight + (from_us - midnight) // step_us * step_us
    edges = list(range(first, to_us, step_us))
    return [*edges, edges[-1] + step_us] if edges else [first, first + step_us]
