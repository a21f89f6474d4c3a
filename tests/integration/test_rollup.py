"""Counts from blocks are those of a scan: every field, tab and range, and after a repair."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.search_index import NOW_US, Entries, Running

from indelible.clock import to_us
from indelible.server.index import request_rebuild
from indelible.server.index.rollup import MACHINE, ROLLED
from indelible.server.query.compare import compare_ranges
from indelible.server.query.facets import FACETS, count_facets
from indelible.server.query.rolled import counted, is_rolled, is_timed
from indelible.server.query.stats import GROUPS
from indelible.server.query.summary import summarise

pytestmark = pytest.mark.timeout(180)
BLOCK = 96
START = datetime(2026, 9, 20, tzinfo=UTC)


def _event(rng: random.Random) -> dict[str, Any]:
    at = START + timedelta(seconds=rng.randrange(50 * 86_400))
    own = rng.random() < 0.2
    return {
        "operation": rng.choice(["CreateGroup", "AssignRole", "ÄÖ 'x'"]),
        "stream": rng.choice(["user", "user", "system", "task"]),
        "occurred_at": at.isoformat(),
        "outcome": rng.choice(["success", "failure", "denied", "unknown"]),
        "status": rng.choice([None, 200, 404]),
        "method": rng.choice([None, "GET"]),
        "endpoint": rng.choice([None, "/groups/17"]),
        "actor": rng.choice([{}, {"email": "ana@example.com"}, {"name": "Ana"}, {"id": "7"}]),
        "origin": rng.choice([None, {"ip": "10.0.0.1"}, {"device_id": "d"}]),
        "targets": rng.choice([[], [{"type": "group", "id": "1"}, {"type": "group", "id": "2"}]]),
        "changes": rng.choice([[], [{"path": "name", "after": 1}, {"path": "size"}]]),
        "context": {"source": "indelible" if own else "fleet"},
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("rolled")
    entries = Entries(data)
    rng = random.Random(11)
    entries.add(*(_event(rng) for _ in range(700)))
    other = Entries(data, tenant_id=2, seed=4)
    other.add(*(_event(rng) for _ in range(200)))
    index = Running(data, block_entries=BLOCK)
    index.wait(entries.size)
    index.wait(other.size, tenant_id=2)
    index.wait_rolled(entries.size // BLOCK * BLOCK)
    yield index
    index.stop()


RANGES = [
    {},
    {"period": "month", "date": "2026-10-10"},
    {"from_": "2026-09-25T13:07:00Z", "to": "2026-10-20T01:30:00Z"},
    {"from_": "2026-10-01T00:00:00Z"},
    {"to": "2026-10-25T22:00:00Z"},
]


@pytest.mark.parametrize("times", RANGES)
@pytest.mark.parametrize("more", [{}, {"stream": "user"}, {"stream": "task", "own": "hide"}])
def test_blocks_count_what_a_scan_counts(
    running: Running, times: dict[str, str], more: dict[str, str]
) -> None:
    # The same events, selected by a condition that blocks know nothing of: so it looks at rows.
    tz = "Asia/Kathmandu" if more else "Europe/Berlin"
    asked = running.filter(tz=tz, **times, **more)
    scanned = running.filter(tz=tz, q="index:>=0", **times, **more)
    for name in ("stream", "actor", "status"):
        assert is_rolled(running.run(running.query.prepare(asked)), name)
        want = running.run(running.query.group(scanned, name, 100))
        assert running.run(running.query.group(asked, name, 100)) == want, name
        assert want.total > 0


def test_every_field_and_facet(running: Running) -> None:
    asked = running.filter(tz="Europe/Berlin", **RANGES[2])
    scanned = running.filter(tz="Europe/Berlin", q="index:>=0", **RANGES[2])
    for name in GROUPS:
        want = running.run(running.query.group(scanned, name, 100))
        assert running.run(running.query.group(asked, name, 100)) == want, name
    for fields in (FACETS[:12], FACETS[12:], ("status_class",), ("ip", "target")):
        for contains in ("", "a"):
            one, other = (
                running.run(
                    count_facets(
                        running.index,
                        running.run(running.query.prepare(filter_)),
                        fields, 100, contains,
                    )
                )
                for filter_ in (asked, scanned)
            )  # fmt: skip
            assert one == other
            assert one.total > 0
    assert set(ROLLED) - {MACHINE} < set(GROUPS)


@pytest.mark.parametrize(
    ("tz", "buckets", "more"),
    [
        ("UTC", 60, {}),
        ("Europe/Berlin", 7, {"stream": "user", "own": "hide"}),
        ("Asia/Kathmandu", 60, {"stream": "task"}),
    ],
)
def test_bars_from_blocks_are_those_of_a_scan(
    running: Running, tz: str, buckets: int, more: dict[str, str]
) -> None:
    for times in (*RANGES, {"period": "week", "date": "2026-10-26"}, SHORT):
        asked = running.filter(tz=tz, **times, **more)
        scanned = running.filter(tz=tz, q="index:>=0", **times, **more)
        want = running.run(running.query.histogram(scanned, buckets))
        assert running.run(running.query.histogram(asked, buckets)) == want
        assert running.run(running.query.count(asked)) == want.total > 0
    prepared = running.run(running.query.prepare(running.filter(**SHORT)))
    assert is_timed(prepared, [0, 900_000_000])
    assert not is_timed(prepared, [0, 60_000_000])


SLANTED = {"from_": "2026-10-08T13:07:11Z", "to": "2026-10-15T13:07:11Z"}
SHORT = {"from_": "2026-10-01T07:07:07Z", "to": "2026-10-02T01:30:00Z"}


OWN = {"stream": "user", "own": "hide"}
LATER_US = to_us(datetime(2026, 10, 27, 13, 5, tzinfo=UTC))
WEEK = {"period": "week", "date": "2026-10-26"}


@pytest.mark.parametrize(
    ("by", "times", "now_us", "more"),
    [
        ("operation", WEEK, NOW_US, {}),
        ("operation", WEEK, LATER_US, OWN),  # not over yet
        ("actor", RANGES[1], NOW_US, OWN),
        ("outcome", RANGES[2], NOW_US, {}),
        ("status", SLANTED, NOW_US, {}),
        ("operation", SHORT, NOW_US, OWN),
    ],
)
def test_a_summary_from_blocks_is_that_of_a_scan(
    running: Running, by: str, times: dict[str, str], now_us: int, more: dict[str, str]
) -> None:
    told = []
    for query in ({}, {"q": "index:>=0"}):
        filter_ = running.filter(tz="Europe/Berlin", **times, **more, **query)
        compared = compare_ranges(filter_.range, "previous", now_us, "monday")
        work = summarise(
            running.index, filter_, compared, by=by, sort="count", ascending=False, limit=20
        )
        told.append(running.run(work))
    assert told[0] == told[1]
    assert told[0].values > 0


def test_only_what_blocks_hold_is_asked_of_them(running: Running) -> None:
    prepared = running.run(running.query.prepare(running.filter()))
    assert "FROM counts" in counted(prepared, "ip")
    assert not is_rolled(prepared, "request")
    day = running.filter(period="day", date="2026-10-10")
    assert not is_rolled(running.run(running.query.prepare(day)), "ip")
    searched = running.filter(q="group")
    assert not is_rolled(running.run(running.query.prepare(searched)), "ip")
    reach = type(day.reach)(tenant_id=1, streams=("user",))
    part = running.filter(reach=reach)
    assert not is_rolled(running.run(running.query.prepare(part)), "ip")
    # Nor is what they hold told to those from whom it is hidden.
    for masks in (("person",), ("content",), ("person", "content")):
        masked = running.filter(reach=type(day.reach)(tenant_id=1, masks=masks))
        assert not is_rolled(running.run(running.query.prepare(masked)), "ip")
        ips = running.run(running.query.group(masked, "ip", 10)).groups
        assert [group.key for group in ips or []] == [None] or "person" not in masks


def test_a_rebuilt_index_counts_its_blocks_anew(running: Running) -> None:
    before = running.run(running.query.group(running.filter(), "ip", 100))
    attempts = running.rows("SELECT max(attempt) AS one FROM rolled WHERE tenant = 1")[0]["one"]
    request_rebuild(running.data)
    for _ in range(2000):
        found = running.rows(
            "SELECT min(attempt) AS one, max(stop) AS stop FROM rolled WHERE tenant = 1"
        )[0]
        if found["stop"] >= 702 // BLOCK * BLOCK and found["one"] > attempts:
            break
    else:
        raise AssertionError("the blocks are not counted again")
    running.wait(before.indexed_through)
    assert running.run(running.query.group(running.filter(), "ip", 100)) == before


# In a process of its own: one process can open one folder of the engine.
_OLDER = """
import sys
from pathlib import Path
from indelible.server.index.engine import Client
from indelible.server.index.schema import ALWAYS
client = Client(Path(sys.argv[1]), ALWAYS, 700)
client.run("ALTER TABLE rolled MODIFY COMMENT '1'")
client.run("ALTER TABLE counts DROP COLUMN last_us")
client.run("DROP TABLE quarters SYNC")
"""


def test_tables_of_another_version_are_counted_anew(tmp_path: Path) -> None:
    rng = random.Random(5)
    entries = Entries(tmp_path)
    entries.add(*(_event(rng) for _ in range(BLOCK)))

    def total() -> int:
        index = Running(tmp_path, block_entries=BLOCK)
        try:
            index.wait(entries.size)
            index.wait_rolled(entries.size // BLOCK * BLOCK)
            return index.run(index.query.count(index.filter()))
        finally:
            index.stop()

    before = total()
    folder = str(tmp_path / "index" / "engine")
    subprocess.run([sys.executable, "-c", _OLDER, folder], check=True, timeout=60)
    assert total() == before == BLOCK
