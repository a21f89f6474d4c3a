"""`first:` and `by:` on a real index, against plain Python over the same events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.search_index import Entries, Running

from indelible.clock import to_us
from indelible.server.index.rollup import BLOCK_ENTRIES
from indelible.server.query.compare import compare_ranges
from indelible.server.query.filter import Filter
from indelible.server.query.periods import Range
from indelible.server.query.summary import summarise

pytestmark = pytest.mark.timeout(120)
START = datetime(2026, 10, 5, tzinfo=UTC)  # a Monday
DAYS = 14


@pytest.fixture(scope="module", params=[BLOCK_ENTRIES, 64])
def log(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, list[dict[str, Any]]]]:
    """
    Two weeks of a few people whose addresses change, some without name or address; once looked at
    row by row, once with blocks counted before.
    """
    rng = random.Random(3)
    data = tmp_path_factory.mktemp("new")
    events = []
    for n in range(400):
        at = START + timedelta(minutes=n * DAYS * 24 * 60 // 400)
        who = rng.choice(
            [{"email": "ana@example.com", "name": "Ana"}, {"name": "Ana"}, {"id": "7"}]
        )
        behalf = rng.choice([None, None, {"kind": "user", "email": "ana@example.com"}])
        events.append(
            {
                "operation": "Op",
                "stream": rng.choice(["user", "system"]),
                "outcome": rng.choice(["success", "denied"]),
                "occurred_at": at.isoformat(),
                "actor": rng.choice([{"kind": "user", **who, "on_behalf_of": behalf}, {}]),
                "origin": rng.choice(
                    [None, {"ip": f"10.0.0.{rng.randrange(n // 20 + 2)}", "user_agent": "x"}]
                ),
            }
        )
    entries = Entries(data)
    indices = entries.add(*events)
    running = Running(data, block_entries=request.param)
    running.wait(entries.size)
    running.wait_rolled(entries.size // request.param * request.param)
    shown = []
    for index, event in zip(indices, events, strict=True):
        actor = event["actor"]
        shown.append(
            {
                "index": index,
                "at": to_us(datetime.fromisoformat(event["occurred_at"])),
                "stream": event["stream"],
                "failed": event["outcome"] == "denied",
                "who": tuple(actor.get(name) for name in ("email", "name", "id")),
                "by": actor.get("email") or actor.get("name") or actor.get("id"),
                "ip": (event["origin"] or {}).get("ip"),
            }
        )
    yield running, shown
    running.stop()


def _fresh(events: list[dict[str, Any]], start_us: int, end_us: int) -> list[dict[str, Any]]:
    """Events of a span with an address that their actor had never had before it."""
    before = {(event["who"], event["ip"]) for event in events if event["at"] < start_us}
    return [
        event
        for event in events
        if start_us <= event["at"] < end_us
        and event["ip"]
        and event["by"]
        and (event["who"], event["ip"]) not in before
    ]


@pytest.mark.parametrize("date", ["2026-10-06", "2026-10-10", "2026-10-18"])
def test_new_addresses_are_those_that_the_actor_never_had(
    log: tuple[Running, list[dict[str, Any]]], date: str
) -> None:
    running, events = log
    start = to_us(datetime.fromisoformat(date).replace(tzinfo=UTC))
    end = start + 86_400_000_000
    fresh = _fresh(events, start, end)
    found = running.find("first:ip", period="day", date=date)
    assert found == sorted((event["index"] for event in fresh), reverse=True)
    # The tab chooses rows; what is known of the actor is known from all of the log.
    user = [event["index"] for event in fresh if event["stream"] == "user"]
    assert running.find("first:ip", period="day", date=date, stream="user") == user[::-1]
    day = [event for event in events if start <= event["at"] < end]
    known = running.find("-first:ip", period="day", date=date)
    assert sorted(known + found) == [event["index"] for event in day]


def test_a_part_of_the_log_knows_nothing_of_the_rest(
    log: tuple[Running, list[dict[str, Any]]],
) -> None:
    """Bound to a stream, a caller must not learn from `first:` what happened in another."""
    running, events = log
    mine = [event for event in events if event["stream"] == "user"]
    start = to_us(datetime(2026, 10, 12, tzinfo=UTC))
    end = start + 7 * 86_400_000_000
    filter_: Filter = running.filter(q="first:ip", period="week", date="2026-10-12")
    reach = type(filter_.reach)(tenant_id=1, streams=("user",))
    bound = Filter(reach=reach, range=filter_.range, text=filter_.text, tree=filter_.tree)
    assert running.run(running.query.count(bound)) == len(_fresh(mine, start, end))


def test_each_line_of_a_summary_is_new_in_its_own_period(
    log: tuple[Running, list[dict[str, Any]]],
) -> None:
    running, events = log
    filter_ = running.filter(q="first:ip", period="week", date="2026-10-12")
    compared = compare_ranges(filter_.range, "previous", 2**53, "monday")
    work = summarise(
        running.index, filter_, compared, by="actor_ip", sort="count", ascending=False, limit=1000
    )
    found = running.run(work)

    def counts(range_: Range) -> Counter[str]:
        assert range_.from_us is not None
        assert range_.to_us is not None
        fresh = _fresh(events, range_.from_us, range_.to_us)
        return Counter(f"{event['by']} · {event['ip']}" for event in fresh)

    now, then = counts(compared.this), counts(compared.other)
    assert {line.key: (line.count, line.previous) for line in found.lines} == {
        key: (now[key], then[key]) for key in now | then
    }
    # A line's term finds just its rows.
    line = next(line for line in found.lines if line.count)
    assert line.include is not None
    rows = running.find(f"first:ip {line.include}", period="week", date="2026-10-12")
    assert len(rows) == line.count


def test_an_actor_is_selected_without_those_represented(
    log: tuple[Running, list[dict[str, Any]]],
) -> None:
    running, events = log
    for name in ("ana@example.com", "Ana", "7"):
        mine = [event["index"] for event in events if event["by"] == name]
        assert running.find(f'by:"{name}"') == mine[::-1]
    assert len(running.find('actor:"ana@example.com"')) > len(running.find('by:"ana@example.com"'))
