"""Pages, counts, histograms and nearest events on a real index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.integration.search_index import Entries, Running

from indelible.clock import to_us
from indelible.errors import InvalidRequest
from indelible.server.query import Page

pytestmark = pytest.mark.timeout(180)

STREAMS = ("user", "user", "user", "system", "task")
START = datetime(2026, 10, 20, tzinfo=UTC)


def _events() -> list[dict[str, Any]]:
    """Many at the very same moment, out of order, over a change of clocks, one far away."""
    events = []
    for n in range(700):
        at = START + timedelta(hours=(n * 37) % 480, minutes=30 * (n % 2))
        if n % 5 == 0:
            at = START + timedelta(days=3)
        events.append(
            {
                "operation": f"Op{n % 4}",
                "stream": STREAMS[n % 5],
                "status": (200, 404, 403)[n % 3],
                "occurred_at": at.isoformat(),
                "actor": {"email": f"u{n % 9}@example.com"},
            }
        )
    events.append({"operation": "Old", "occurred_at": "1987-06-05T04:03:02Z"})
    return events


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Entries]]:
    data = tmp_path_factory.mktemp("pages")
    entries = Entries(data)
    entries.add(*_events())
    running = Running(data)
    running.wait(entries.size)
    yield running, entries
    running.stop()


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("limit", [7, 100])
def test_pages_give_each_event_once_both_ways(
    made: tuple[Running, Entries], order: str, limit: int
) -> None:
    running, entries = made
    filter_ = running.filter(stream="user", from_="2026-10-01T00:00:00Z")
    want = sorted(
        (
            (event.occurred_us, index)
            for index, event in entries.events.items()
            if event.stream == "user" and event.operation != "Old"
        ),
        reverse=order == "desc",
    )
    forward: list[list[int]] = []
    page = Page(limit=limit, order=order)  # type: ignore[arg-type]
    found = running.run(running.query.events(filter_, page))
    assert found.prev_cursor is None
    while True:
        forward.append([event["index"] for event in found.events])
        if found.next_cursor is None:
            break
        cursor = found.next_cursor
        page = Page(limit=limit, order=order, cursor=cursor)  # type: ignore[arg-type]
        found = running.run(running.query.events(filter_, page))
    assert [index for some in forward for index in some] == [index for _, index in want]
    # And all the way back.
    for want_page in reversed(forward[:-1]):
        assert found.prev_cursor is not None
        page = Page(limit=limit, order=order, cursor=found.prev_cursor)  # type: ignore[arg-type]
        found = running.run(running.query.events(filter_, page))
        assert [event["index"] for event in found.events] == want_page
    assert found.prev_cursor is None


def test_a_cursor_of_another_search_is_refused(made: tuple[Running, Entries]) -> None:
    running, _ = made
    page = running.run(running.query.events(running.filter(), Page(limit=5)))
    cursor = page.next_cursor
    assert cursor is not None
    others = [
        running.filter(q="Op1"),
        running.filter(stream="user"),
        running.filter(own="hide"),
        running.filter(tenant_id=2),
        running.filter(from_="2026-01-01T00:00:00Z"),
    ]
    for other in others:
        with pytest.raises(InvalidRequest) as refused:
            running.run(running.query.events(other, Page(limit=5, cursor=cursor)))
        assert refused.value.code == "bad-cursor"
    with pytest.raises(InvalidRequest):
        running.run(running.query.events(running.filter(), Page(cursor=cursor, order="asc")))
    for text in ("", "x", cursor + "A", cursor[:-2], "AAAA" + cursor, "ä", "====", cursor + "="):
        if text:
            with pytest.raises(InvalidRequest):
                running.run(running.query.events(running.filter(), Page(cursor=text)))


def test_streams_and_groups_add_up(made: tuple[Running, Entries]) -> None:
    running, entries = made
    events = list(entries.events.values())
    stats = running.run(running.query.group(running.filter(stream="task"), "stream", 10))
    want = Counter(event.stream for event in events)
    assert {group.key: group.count for group in stats.groups or []} == want
    assert stats.total == len(events)
    stats = running.run(running.query.group(running.filter(), "actor", 3))
    groups = stats.groups or []
    assert len(groups) == 3
    assert sum(group.count for group in groups) + (stats.others or 0) == stats.total == 701
    for group in groups:
        assert sum(group.by_outcome.values()) == group.count
    stats = running.run(running.query.group(running.filter(), "status", 10))
    assert {g.key: g.count for g in stats.groups or []} == {
        "200": 234, "404": 233, "403": 233, None: 1,
    }  # fmt: skip


@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("buckets", [10, 20, 60, 500])
def test_histograms_add_up_and_follow_the_zone(
    made: tuple[Running, Entries], tz: str, buckets: int
) -> None:
    running, entries = made
    filter_ = running.filter(tz=tz, period="month", date="2026-10-20")
    stats = running.run(running.query.histogram(filter_, buckets))
    from_us, to_us_ = filter_.range.from_us, filter_.range.to_us
    assert from_us is not None
    assert to_us_ is not None
    inside = [e for e in entries.events.values() if from_us <= e.occurred_us < to_us_]
    groups = stats.groups or []
    assert stats.total == len(inside) == sum(group.count for group in groups)
    assert 0 < len(groups) <= buckets + 1
    assert stats.interval_s
    zone = ZoneInfo(tz)
    starts = [datetime.fromisoformat(group.key or "").astimezone(zone) for group in groups]
    for start, group in zip(starts, groups, strict=True):
        if stats.interval_s >= 86_400:
            # October has a day of 25 hours in Berlin: bars end at a midnight of the zone.
            assert (start.hour, start.minute, start.second) == (0, 0, 0)
            days = timedelta(days=stats.interval_s // 86_400)
            end = (start.replace(tzinfo=None) + days).replace(tzinfo=zone)
        else:
            end = start.astimezone(UTC) + timedelta(seconds=stats.interval_s)
        bar = range(to_us(start), to_us(end))
        assert group.count == sum(event.occurred_us in bar for event in inside)


def test_a_histogram_without_a_range_takes_that_of_the_events(
    made: tuple[Running, Entries],
) -> None:
    running, _ = made
    stats = running.run(running.query.histogram(running.filter(), 60))
    assert stats.total == 701 == sum(group.count for group in stats.groups or [])
    assert len(stats.groups or []) >= 2


def test_nearest_events_of_an_empty_period(made: tuple[Running, Entries]) -> None:
    running, entries = made
    filter_ = running.filter(period="day", date="2026-03-01", q="Op1")
    assert running.run(running.query.events(filter_, Page())).events == []
    nearest = running.run(running.query.nearest(filter_))
    first = min(e.occurred_us for e in entries.events.values() if e.operation == "Op1")
    assert nearest.before is None
    assert to_us(datetime.fromisoformat(nearest.after or "")) == first
    nearest = running.run(running.query.nearest(running.filter(period="day", date="2000-01-01")))
    assert nearest.before == "1987-06-05T04:03:02Z"
    nothing = running.run(running.query.nearest(running.filter(period="day", q="nobody")))
    assert (nothing.before, nothing.after) == (None, None)


def test_late_events_appear_where_they_happened(made: tuple[Running, Entries]) -> None:
    running, entries = made
    filter_ = running.filter(from_="2026-10-22T00:00:00Z", to="2026-10-22T00:10:00Z")
    before = running.run(running.query.count(filter_))
    (index,) = entries.add({"operation": "Late", "occurred_at": "2026-10-22T00:05:00.000001Z"})
    running.index.notify(1, entries.size)
    page = running.run(running.query.events(filter_, Page(min_index=index)))
    assert len(page.events) == before + 1
    assert page.indexed_through == index + 1
    late = next(event for event in page.events if event["index"] == index)
    assert late["late"] is True
    assert late["occurred_at"] == "2026-10-22T00:05:00.000001Z"
    del entries.events[index]


def test_waiting_for_an_entry_that_does_not_come_goes_on_and_says_so(
    made: tuple[Running, Entries],
) -> None:
    running, entries = made
    page = running.run(running.query.events(running.filter(), Page(min_index=10**9)))
    assert page.indexed_through == entries.size
    assert page.events
