"""Exports of a real index: every event, the same values as the list, nothing a sheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from tests.integration.search_index import Entries, Running

from indelible.event import event_to_json
from indelible.server.export import Exporter, Wish
from indelible.server.export.csv import HEADER
from indelible.server.query import Page

pytestmark = pytest.mark.timeout(180)

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x",
        ' "=1', "a;=cmd", "a,+1", 'a\t"-1', "x\r\n=1", "'=1", "  =1", "a,'@b"]  # fmt: skip
GOOD = ["plain", 'say "hi"', "a,b;c", "line\r\nbreak", "tail\\", "東京", "😀", "\u202eabc", "\x00z",
        "1=1", "a-b", "user@example.com", "", "NULL", "\\N", "'quoted'"]  # fmt: skip


def _events() -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {
            "operation": text or "blank",
            "category": text or None,
            "endpoint": f"/items/{n}" if n % 3 else text,
            "method": text,
            "stream": ("user", "system", "task")[n % 3],
            "status": None if n % 4 == 0 else 200,
            "actor": (
                {"id": text, "on_behalf_of": {"name": text}},
                {"name": text},
                {"email": text, "name": "never"},
                {},
            )[n % 4],
            "origin": {"ip": "203.0.113.7"} if n % 2 else {"device_id": text},
            "targets": [{"type": "group", "id": text, "name": text}, {"name": text}],
            "changes": [{"path": text, "before": text, "after": {"deep": [text, 1, None]}}],
            "context": {"request_id": text, "source": text, "source_seq": n},
            "metadata": {"free": text, "n": [1.5, True]},
            "occurred_at": f"20{10 + n % 25}-0{1 + n % 9}-11T0{n % 9}:30:00.00000{n % 10}Z",
        }
        for n, text in enumerate([*EVIL, *GOOD] * 3)
    ]
    events.append({"operation": "FarAway", "occurred_at": "0001-01-01T00:00:00Z"})
    events.append({"operation": "FarOff", "occurred_at": "9999-12-30T23:59:59.999999Z"})
    return events


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Entries]]:
    data = tmp_path_factory.mktemp("export")
    entries = Entries(data)
    entries.add(*_events())
    running = Running(data)
    running.wait(entries.size)
    yield running, entries
    running.stop()


def _export(running: Running, tz: str = "UTC", q: str = "", **options: Any) -> tuple[int, bytes]:
    async def work() -> tuple[int, bytes]:
        exporter = Exporter(running.query, running.index)
        date_format = options.pop("date_format", "dmy")
        export = await exporter.export(
            running.filter(tz=tz, q=q), Wish(**options), tenant="acme", date_format=date_format
        )
        return export.count, b"".join([chunk async for chunk in export.chunks])

    return running.run(work())


def _all(running: Running) -> list[dict[str, Any]]:
    return running.run(running.query.events(running.filter(), Page(limit=1000))).events


def test_jsonl_lines_are_the_events_of_the_list(made: tuple[Running, Entries]) -> None:
    running, _ = made
    count, data = _export(running, format="jsonl")
    lines = [msgspec.json.decode(line) for line in data.splitlines()]
    assert count == len(lines) == len(_events())
    assert lines == _all(running)


def test_lists_show_what_the_ledger_holds(made: tuple[Running, Entries]) -> None:
    """Every field comes back from the index as it was sent, the empty text and null apart."""
    running, entries = made
    for shown in _all(running):
        event = entries.events[shown["index"]]
        want = event_to_json(
            event, index=shown["index"], leaf_hash=bytes.fromhex(shown["leaf_hash"])
        )
        assert shown == want


def test_raw_csv_reads_back_as_the_list(made: tuple[Running, Entries]) -> None:
    running, _ = made
    count, data = _export(running, "Asia/Kathmandu", format="csv", form="raw")
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert tuple(rows[0]) == HEADER
    assert data.startswith(b'"Date","User Email","User IP Address","Method","Endpoint","Status",')
    events = _all(running)
    assert count == len(rows) - 1 == len(events)
    for row, event in zip(rows[1:], events, strict=True):
        cells = dict(zip(HEADER, row, strict=True))
        actor, origin = event["actor"], event["origin"] or {}
        behalf = actor["on_behalf_of"] or {}
        at = datetime.fromisoformat(event["occurred_at"])
        if 1900 < at.year < 2200:
            local = at.astimezone(ZoneInfo("Asia/Kathmandu"))
            assert cells["Date"] == local.strftime("%d/%m/%Y %H:%M:%S")
        assert cells["User Email"] == (
            actor["email"] or actor["name"] or actor["id"] or "system@acme"
        )
        assert cells["User IP Address"] == (origin.get("ip") or origin.get("device_id") or "")
        assert cells["Method"] == (event["method"] or "")
        assert cells["Endpoint"] == (event["endpoint"] or "")
        assert cells["Status"] == ("N/A" if event["status"] is None else str(event["status"]))
        assert cells["Operation"] == event["operation"]
        assert cells["Category"] == event["category"]
        assert cells["Actor Id"] == (actor["id"] or "")
        assert cells["On Behalf Of"] == (behalf.get("name") or "")
        assert cells["Event Id"] == event["id"]
        assert cells["Index"] == str(event["index"])
        assert cells["Leaf Hash"] == event["leaf_hash"]
        assert cells["State"] == "present"
        occurred = event["occurred_at"].rstrip("Z")
        assert (
            cells["Occurred (UTC)"] == (occurred if "." in occurred else occurred + ".000000") + "Z"
        )
        for change in event["changes"]:
            assert f"{change['path']}: {change['before']} → " in cells["Changes"]
        assert cells["Targets"] == "; ".join(
            " ".join(
                word
                for word in (
                    target["type"],
                    target["id"],
                    f"({target['name']})" if target["name"] else None,
                )
                if word
            )
            for target in event["targets"]
        )


def test_safe_csv_holds_no_cell_that_a_sheet_would_run(made: tuple[Running, Entries]) -> None:
    running, _ = made
    _, raw_data = _export(running, format="csv", form="raw")
    _, safe_data = _export(running, format="csv")
    raw = list(csv.reader(io.StringIO(raw_data.decode(), newline="")))
    safe = list(csv.reader(io.StringIO(safe_data.decode(), newline="")))
    formula = re.compile("[ \"']*[=+\\-@＝＋－＠]")
    changed = 0
    for raw_row, safe_row in zip(raw, safe, strict=True):
        for before, after in zip(raw_row, safe_row, strict=True):
            assert not re.match("[=+\\-@＝＋－＠\t\r\n]", after), after
            # Whatever separator the sheet believes in, no piece of a cell starts a formula.
            for piece in re.split("[;,\t\r\n]", after)[1:]:
                assert not formula.match(piece) or piece.lstrip(' "').startswith("'"), after
            assert after.replace("'", "") == before.replace("'", "")
            changed += before != after
    assert changed > 100
    assert safe[1:] != raw[1:]


def test_lines_end_as_rfc_4180_wants(made: tuple[Running, Entries]) -> None:
    running, _ = made
    _, data = _export(running, q="operation:plain", format="csv")
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert len(lines) == 3 + 3 - 1
    _, nothing = _export(running, q="zzzzzz", format="csv")
    assert nothing.count(b"\r\n") == 1
    assert _export(running, q="zzzzzz", format="jsonl") == (0, b"")


@pytest.mark.parametrize(
    ("date_format", "pattern"),
    [("dmy", "%d/%m/%Y %H:%M:%S"), ("iso", "%Y-%m-%d %H:%M:%S"), ("mdy", "%m/%d/%Y %H:%M:%S")],
)
def test_dates_are_those_of_the_screen(
    made: tuple[Running, Entries], date_format: str, pattern: str
) -> None:
    running, _ = made
    _, data = _export(
        running, "America/St_Johns", q="operation:plain", format="csv", date_format=date_format
    )
    for row in list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]:
        at = datetime.fromisoformat(row[HEADER.index("Occurred (UTC)")])
        assert row[0] == at.astimezone(ZoneInfo("America/St_Johns")).strftime(pattern)


def test_the_engine_knows_every_zone_as_we_do(made: tuple[Running, Entries]) -> None:
    """The Date column is written by the engine, which has time zone rules of its own."""
    running, _ = made
    moments = [946_684_800 + 7_777_777 * n for n in range(0, 110, 13)]
    names = sorted(available_timezones() - {"localtime", "Factory"})
    differing = []
    for first in range(0, len(names), 50):
        some = names[first : first + 50]
        columns = ", ".join(
            f"formatDateTime(toDateTime64(at, 0, {{z{n}:String}}), '%Y-%m-%d %H:%i:%S') AS c{n}"
            for n in range(len(some))
        )
        rows = running.rows(
            f"SELECT {columns} FROM (SELECT arrayJoin({{at:Array(Int64)}}) AS at)",
            at=moments,
            **{f"z{n}": name for n, name in enumerate(some)},
        )
        for n, name in enumerate(some):
            zone = ZoneInfo(name)
            want = [
                datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S") for at in moments
            ]
            if [row[f"c{n}"] for row in rows] != want:
                differing.append(name)
    assert len(names) > 300
    assert differing == []


def test_a_large_export_is_complete_and_in_order(made: tuple[Running, Entries]) -> None:
    """More than the engine's blocks and more than the credits of a stream."""
    running, entries = made
    big = Entries(entries._path.parents[1], tenant_id=3)
    big.add(*({"operation": f"Op{n}", "metadata": {"x": "y" * 200}} for n in range(20_000)))
    running.index.notify(3, big.size)
    running.wait(big.size, tenant_id=3)

    async def work() -> list[int]:
        exporter = Exporter(running.query, running.index)
        export = await exporter.export(
            running.filter(tenant_id=3), Wish(format="jsonl"), tenant="b"
        )
        assert export.count == 20_000
        data = b"".join([chunk async for chunk in export.chunks])
        return [msgspec.json.decode(line)["index"] for line in data.splitlines()]

    assert running.run(work()) == sorted(big.events, reverse=True)
