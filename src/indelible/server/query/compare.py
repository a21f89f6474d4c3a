"""
The two periods of a comparison, in the wall time of a zone.

What is compared is what the clock on the wall shows: the same days and hours, counted from the
first day of each period. So a day of 23 hours meets the whole day before it, and a period that is
not over yet meets the same hours of the other one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from indelible.clock import to_datetime, to_us
from indelible.errors import InvalidRequest
from indelible.server.query.periods import (
    Range,
    WeekStart,
    bucket_edges,
    parse_moment,
    range_of_period,
    zone_of,
)

PREVIOUS: Final = "previous"
YEAR: Final = "year"


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """
    `this` and `other` as they are counted; the whole ones as they are called.

    `so_far` tells that this period is not over, so that both are cut after the same hours.
    """

    this: Range
    other: Range
    whole_this: Range
    whole_other: Range
    so_far: bool


def compare_ranges(this: Range, text: str, now_us: int, week_start: WeekStart) -> Compared:
    """The periods of a request. Raises InvalidRequest for an open one, or an unreadable second."""
    try:
        return _compare(this, text, now_us, week_start)
    except OverflowError:
        raise InvalidRequest("these periods are out of the calendar", parameter="compare") from None


def _compare(this: Range, text: str, now_us: int, week_start: WeekStart) -> Compared:
    if this.from_us is None or this.to_us is None:
        raise InvalidRequest(
            "a summary needs a period with a beginning and an end",
            parameter="from",
            expected="period and date, or from and to",
        )
    other = _other(this, text, week_start)
    shift = Shift(this, other)
    cut_us = min(max(now_us, this.from_us), this.to_us)
    so_far = this.from_us < now_us < this.to_us
    return Compared(
        this=_cut(this, cut_us) if so_far else this,
        other=_cut(other, shift.moment(cut_us)) if so_far else other,
        whole_this=this,
        whole_other=other,
        so_far=so_far,
    )


def paired_edges(compared: Compared, wanted: int) -> tuple[int, list[int], list[int]]:
    """Width of a bar in seconds, and the edges of the bars in both periods, as many in each."""
    this = compared.whole_this
    interval_s, edges = bucket_edges(_start(this), _end(this), this.tz, wanted)
    shift = Shift(this, compared.whole_other)
    return interval_s, edges, monotone([shift.moment(edge) for edge in edges])


class Shift:
    """Moves moments from one period to the other, never back in time as they go forward."""

    def __init__(self, this: Range, other: Range) -> None:
        self._zone = zone_of(this.tz)
        self._end_us = _end(other)
        self._from = self._local(_start(this))
        self._to = self._local(_start(other))

    def moment(self, at_us: int) -> int:
        """The moment of the other period at the same wall time; its end when it has no such."""
        try:
            wall = self._to + (self._local(at_us) - self._from)
            moved = to_us(wall.replace(tzinfo=self._zone).astimezone(UTC))
        except (OverflowError, ValueError):
            return self._end_us
        return min(moved, self._end_us)

    def _local(self, at_us: int) -> datetime:
        return to_datetime(at_us).astimezone(self._zone).replace(tzinfo=None)


def _other(this: Range, text: str, week_start: WeekStart) -> Range:
    if text == PREVIOUS:
        return _previous(this, week_start)
    if text == YEAR:
        return _year_before(this, week_start)
    start, slash, end = text.partition("/")
    if not slash:
        raise InvalidRequest(
            f"compare cannot be {text!r}",
            parameter="compare",
            expected=f"{PREVIOUS}, {YEAR}, or <from>/<to>",
        )
    zone = zone_of(this.tz)
    from_us, to_us_ = parse_moment(start, zone, "compare"), parse_moment(end, zone, "compare")
    if from_us >= to_us_:
        raise InvalidRequest("the second period ends before it starts", parameter="compare")
    return Range(tz=this.tz, from_us=from_us, to_us=to_us_)


def _previous(this: Range, week_start: WeekStart) -> Range:
    if this.period is not None and this.date is not None:
        return _period(this, this.date, timedelta(days=-1), week_start)
    start, end = _start(this), _end(this)
    return Range(tz=this.tz, from_us=_moved(this, start, end, -1), to_us=start)


def _moved(this: Range, start: int, end: int, way: int) -> int:
    """A free range's start moved by its own length of wall time."""
    zone = zone_of(this.tz)
    try:
        first = to_datetime(start).astimezone(zone).replace(tzinfo=None)
        after = to_datetime(end).astimezone(zone).replace(tzinfo=None)
        return min(
            to_us((first + way * (after - first)).replace(tzinfo=zone).astimezone(UTC)), start - 1
        )
    except (OverflowError, ValueError):
        raise InvalidRequest("there is no period before this one", parameter="compare") from None


def _year_before(this: Range, week_start: WeekStart) -> Range:
    if this.period == "week" and this.date is not None:
        # 52 weeks: the same weekdays.
        return _period(this, this.date, timedelta(days=-364), week_start)
    if this.period is not None and this.date is not None:
        return range_of_period(this.period, _last_year(this.date), this.tz, week_start)
    zone = zone_of(this.tz)
    moments = []
    for at_us in (_start(this), _end(this)):
        local = to_datetime(at_us).astimezone(zone).replace(tzinfo=None)
        day = datetime.combine(_last_year(local.date()), local.time(), zone)
        try:
            moments.append(to_us(day.astimezone(UTC)))
        except OverflowError:
            raise _no_year() from None
    if moments[0] >= moments[1]:
        moments[1] = moments[0] + 1
    return Range(tz=this.tz, from_us=moments[0], to_us=moments[1])


def _period(this: Range, first: date, step: timedelta, week_start: WeekStart) -> Range:
    assert this.period is not None  # noqa: S101 - both callers have looked
    try:
        return range_of_period(this.period, first + step, this.tz, week_start)
    except OverflowError:
        raise InvalidRequest("there is no period before this one", parameter="compare") from None


def _last_year(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        if day.year == 1:
            raise _no_year() from None
        return day.replace(year=day.year - 1, day=28)


def _no_year() -> InvalidRequest:
    return InvalidRequest("there is no year before this one", parameter="compare")


def _cut(range_: Range, to_us_: int) -> Range:
    return Range(tz=range_.tz, from_us=range_.from_us, to_us=max(_start(range_), to_us_))


def _start(range_: Range) -> int:
    assert range_.from_us is not None  # noqa: S101 - compare_ranges refuses open ones
    return range_.from_us


def _end(range_: Range) -> int:
    assert range_.to_us is not None  # noqa: S101 - compare_ranges refuses open ones
    return range_.to_us


def monotone(edges: list[int]) -> list[int]:
    """The edges with none before the one in front of it (a clock set back repeats an hour)."""
    for place, (before, after) in enumerate(pairwise(edges)):
        if after < before:
            edges[place + 1] = before
    return edges
