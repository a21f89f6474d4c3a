"""Days, weeks and months in time zones, and the edges of histogram bars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.clock import to_datetime, to_us
from indelible.errors import InvalidRequest
from indelible.server.query.periods import (
    WEEK_STARTS,
    PeriodName,
    WeekStart,
    bucket_edges,
    parse_date,
    parse_moment,
    range_of_period,
    start_of_day,
    today,
    zone_of,
)

HOUR_US = 3_600_000_000
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def hours(period: PeriodName, day: str, tz: str, week_start: WeekStart = "monday") -> float:
    found = range_of_period(period, date.fromisoformat(day), tz, week_start)
    assert found.from_us is not None
    assert found.to_us is not None
    return (found.to_us - found.from_us) / HOUR_US


@pytest.mark.parametrize(
    ("day", "tz", "want"),
    [
        ("2026-11-22", "UTC", 24),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-11-01", "America/New_York", 25),
        ("2026-03-08", "America/New_York", 23),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2018-11-04", "America/Sao_Paulo", 23),  # midnight did not exist
        ("2026-11-01", "America/Havana", 25),  # midnight came twice
        ("2011-12-30", "Pacific/Apia", 0),  # the day did not exist
        ("2011-12-29", "Pacific/Apia", 24),
    ],
)
def test_days_are_as_long_as_they_are(day: str, tz: str, want: float) -> None:
    assert hours("day", day, tz) == want


def test_a_day_without_midnight_starts_at_its_first_moment() -> None:
    start = start_of_day(date(2018, 11, 4), zone_of("America/Sao_Paulo"))
    assert to_datetime(start) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert to_datetime(start).astimezone(zone_of("America/Sao_Paulo")).hour == 1


def test_weeks_and_months_over_a_change_of_clocks() -> None:
    assert hours("week", "2026-10-25", "Europe/Berlin") == 169
    assert hours("month", "2026-10-07", "Europe/Berlin") == 31 * 24 + 1
    assert hours("month", "2026-02-28", "Europe/Berlin") == 28 * 24
    assert hours("month", "2028-02-01", "UTC") == 29 * 24
    assert hours("month", "2026-12-31", "UTC") == 31 * 24


@pytest.mark.parametrize(
    ("week_start", "first"),
    [("monday", "2026-11-16"), ("sunday", "2026-11-22"), ("saturday", "2026-11-21")],
)
def test_weeks_start_where_they_are_said_to(week_start: WeekStart, first: str) -> None:
    found = range_of_period("week", date(2026, 11, 22), "UTC", week_start)
    assert found.date == date.fromisoformat(first)
    assert found.from_us == to_us(datetime.fromisoformat(first + "T00:00:00Z"))


@given(
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.sampled_from(ZONES),
    st.sampled_from(get_args(PeriodName)),
    st.sampled_from(sorted(WEEK_STARTS)),
)
def test_periods_follow_each_other_without_gap_or_overlap(
    day: date, tz: str, period: PeriodName, week_start: WeekStart
) -> None:
    one = range_of_period(period, day, tz, week_start)
    assert one.from_us is not None
    assert one.to_us is not None
    assert one.from_us <= one.to_us
    assert one.date is not None
    length = {"day": 1, "week": 7, "month": 31}[period]
    two = range_of_period(period, one.date + timedelta(days=length), tz, week_start)
    assert two.from_us == one.to_us
    # Each moment of the range has a date of the zone that lies in the period.
    if one.from_us < one.to_us:
        zone = zone_of(tz)
        first = to_datetime(one.from_us).astimezone(zone).date()
        last = to_datetime(one.to_us - 1).astimezone(zone).date()
        assert one.date <= first <= last < one.date + timedelta(days=length + 1)


@given(
    st.integers(0, 4_000_000_000),
    st.integers(1, 40_000_000),
    st.sampled_from(ZONES),
    st.integers(1, 300),
)
def test_bars_cover_a_range_and_are_about_as_many_as_wanted(
    start_s: int, span_s: int, tz: str, wanted: int
) -> None:
    from_us, to_us_ = start_s * 1_000_000, (start_s + span_s) * 1_000_000
    interval_s, edges = bucket_edges(from_us, to_us_, tz, wanted)
    assert edges[0] <= from_us
    assert edges[-1] >= to_us_
    assert edges == sorted(edges)
    assert len(edges) - 1 <= wanted * 1.05 + 2
    assert interval_s >= 1


def test_bars_of_a_day_follow_the_zone() -> None:
    found = range_of_period("month", date(2026, 10, 1), "Europe/Berlin")
    assert found.from_us is not None
    assert found.to_us is not None
    interval_s, edges = bucket_edges(found.from_us, found.to_us, "Europe/Berlin", 31)
    assert interval_s == 86_400
    assert len(edges) == 32
    zone = zone_of("Europe/Berlin")
    assert {to_datetime(edge).astimezone(zone).hour for edge in edges} == {0}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2026-11-22T09:15:04Z", "2026-11-22T09:15:04+00:00"),
        ("2026-11-22T09:15:04.123456+01:00", "2026-11-22T08:15:04.123456+00:00"),
        ("2026-11-22T09:15:04 01:00", "2026-11-22T08:15:04+00:00"),  # an unescaped plus
        ("2026-11-22T09:15:04", "2026-11-22T08:15:04+00:00"),
        ("2026-11-22", "2026-11-21T23:00:00+00:00"),
    ],
)
def test_moments(text: str, want: str) -> None:
    assert to_datetime(parse_moment(text, zone_of("Europe/Berlin"), "from")).isoformat() == want


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-22T25:00:00Z", "1e9"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_moment(text, zone_of("UTC"), "to")
    assert refused.value.parameter == "to"


@pytest.mark.parametrize("text", ["2026-1-1", "2026-02-30", "20261122", "２０２６-11-22", "x"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_date(text, "date")


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "UTC\0"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        zone_of(name)


def test_the_ends_of_the_calendar() -> None:
    first = range_of_period("day", date(1, 1, 1), "Asia/Tokyo")
    assert first.from_us is not None
    with pytest.raises(InvalidRequest):
        range_of_period("month", date(9999, 12, 31), "UTC")


def test_today_depends_on_the_zone() -> None:
    at = to_us(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert today(at, "UTC") == date(2026, 11, 22)
    assert today(at, "Europe/Berlin") == date(2026, 11, 23)
