"""Two periods side by side on a real index, against plain Python over the same events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.search_index import Entries, Running

from indelible.clock import format_us, to_us
from indelible.server.query.changes import find_changes
from indelible.server.query.compare import compare_ranges
from indelible.server.query.summary import Summary, summarise

pytestmark = pytest.mark.timeout(180)
START = datetime(2026, 10, 12, tzinfo=UTC)
# Sunday, 25 October 2026, has 25 hours in Berlin; this is in the week after it.
NOW = to_us(datetime(2026, 10, 28, 13, 45, tzinfo=UTC))


def _events() -> list[dict[str, Any]]:
    events = []
    for n in range(900):
        at = START + timedelta(hours=(n * 29) % (17 * 24), minutes=7 * (n % 8))
        late = at >= START + timedelta(days=14)
        events.append(
            {
                "operation": f"Op{n % 5}" if not (late and n % 5 == 0) else "Fresh",
                "stream": ("user", "user", "system")[n % 3],
                "status": (200, 403, 500, 201)[n % 4 if late else n % 8 % 4],
                "occurred_at": at.isoformat(),
                "actor": {
                    "kind": ("user", "api_key", "system")[n % 3],
                    "email": f"u{n % (11 if late else 7)}@example.com",
                }
                if n % 13
                else {"kind": "anonymous"},
                "origin": {"ip": f"10.0.0.{n % 6}"},
            }
        )
    return events


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, list[dict[str, Any]]]]:
    """A filled index, and its events as the API shows them."""
    data = tmp_path_factory.mktemp("summary")
    entries = Entries(data)
    entries.add(*_events())
    running = Running(data)
    running.wait(entries.size)
    shown = [
        {
            "at": event.occurred_us,
            "operation": event.operation,
            "stream": event.stream,
            "failed": event.outcome in ("failure", "denied"),
            "kind": event.actor.kind,
            "actor": event.actor.email,
            "ip": event.origin.ip if event.origin else None,
        }
        for event in entries.events.values()
    ]
    yield running, shown
    running.stop()


def _summary(running: Running, compare: str, by: str, **parameters: str) -> tuple[Any, Summary]:
    filter_ = running.filter(tz="Europe/Berlin", **parameters)
    compared = compare_ranges(filter_.range, compare, NOW, "monday")
    found = running.run(
        summarise(
            running.index, filter_, compared, by=by, sort="count", ascending=False, limit=1000
        )
    )
    return compared, found


@pytest.mark.parametrize("by", ["operation", "actor", "ip"])
@pytest.mark.parametrize(
    ("period", "date", "compare", "now_hours", "then_hours"),
    [
        # So far: Monday 00:00 to Wednesday 14:45 in Berlin, of either week.
        ("week", "2026-10-28", "previous", 62.75, 62.75),
        # A whole week of 169 hours against one of 168.
        ("week", "2026-10-20", "previous", 169, 168),
        # The day of 25 hours against the one before it.
        ("day", "2026-10-25", "previous", 25, 24),
        ("day", "2026-10-26", "2026-10-12/2026-10-14", 24, 48),
    ],
)
def test_each_line_is_what_a_plain_count_gives(
    log: tuple[Running, list[dict[str, Any]]],
    period: str, date: str, compare: str, now_hours: float, then_hours: float, by: str,
) -> None:  # fmt: skip
    running, events = log
    compared, found = _summary(running, compare, by, period=period, date=date, stream="user")
    spans = [(r.from_us, r.to_us) for r in (compared.this, compared.other)]
    assert [(b - a) / 3_600_000_000 for a, b in spans] == [now_hours, then_hours]
    mine = [event for event in events if event["stream"] == "user"]
    now, then = ([event for event in mine if start <= event["at"] < end] for start, end in spans)
    assert (found.now.events, found.now.failed) == (len(now), sum(e["failed"] for e in now))
    assert found.previous.events == len(then)
    assert len(now) > 0
    wanted = {
        key: (
            sum(e[by] == key for e in now),
            sum(e[by] == key and e["failed"] for e in now),
            sum(e[by] == key for e in then),
            format_us(min(e["at"] for e in (now, then)[not any(x[by] == key for x in now)]
                          if e[by] == key)),
        )
        for key in {e[by] for e in now + then}
    }  # fmt: skip
    assert {
        line.key: (line.count, line.failed, line.previous, line.first) for line in found.lines
    } == wanted
    assert found.values == len(wanted)
    whole = [(r.from_us, r.to_us) for r in (compared.whole_this, compared.whole_other)]
    for name, (start, end) in zip(("count", "other"), whole, strict=True):
        drawn = sum(getattr(bar, name) for bar in found.bars)
        assert drawn == sum(start <= e["at"] < end for e in mine) or compare.startswith("2026")


def test_who_and_what_was_never_seen_before(log: tuple[Running, list[dict[str, Any]]]) -> None:
    running, events = log
    _, found = _summary(running, "previous", "operation", period="week", date="2026-10-28")
    start = to_us(datetime(2026, 10, 25, 23, tzinfo=UTC))
    now = [e for e in events if start <= e["at"] < NOW]
    before = {e["actor"] for e in events if e["at"] < start}
    people = {e["actor"] for e in now if e["kind"] in ("user", "api_key") and e["actor"]}
    assert (found.people.seen, found.people.first_time) == (len(people), len(people - before))
    assert found.people.values == sorted(people - before)
    assert found.people.first_time > 0
    assert (found.operations.first_time, found.operations.values) == (1, ["Fresh"])


def test_changes_are_new_gone_more_less_and_failing(
    log: tuple[Running, list[dict[str, Any]]],
) -> None:
    running, events = log
    filter_ = running.filter(tz="UTC", period="week", date="2026-10-28")
    compared = compare_ranges(filter_.range, "previous", NOW, "monday")
    dimensions, _ = running.run(find_changes(running.index, filter_, compared, 100))
    spans = [(r.from_us or 0, r.to_us or 0) for r in (compared.this, compared.other)]
    for dimension in dimensions:
        by = dimension.by
        now, then = (Counter(e[by] for e in events if a <= e["at"] < b) for a, b in spans)
        found = {change.kind: {line.key for line in change.lines} for change in dimension.changes}
        assert found["new"] == {key for key in now if key not in then}
        assert found["gone"] == {key for key in then if key not in now}
        assert found["more"] == {key for key in now if now[key] > then[key] > 0}
        assert found["less"] == {key for key in now if now[key] < then[key]}
        for change in dimension.changes:
            assert change.total == len(change.lines)
    operations = dimensions[0].changes
    assert [line.include for line in operations[0].lines] == ['operation:"Fresh"']
