"""What happens when the time is over: from the declaration to the last byte on the disk."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from pathlib import Path

import pytest

from indelible.seal import PLACE, RECORD, commitment, hold_leaf
from indelible.server.ledger import Desk, Record
from indelible.server.query import Query, Reach
from indelible.verify.report import Verdict

from .retained import Kept, MovableClock

pytestmark = pytest.mark.timeout(240)


def event(n: int, **more: object) -> dict[str, object]:
    return {
        "id": str(uuid.UUID(int=n + 1)),
        "operation": "Look",
        "endpoint": f"/people/somebody{n}@private.example/folders",
        "actor": {"email": f"somebody{n}@private.example", "id": f"somebody{n}@private.example"},
        "origin": {"ip": f"203.0.113.{n % 200}", "user_agent": "UniqueAgent/7.77"},
        "reason": f"Secretive reason {n}",
        "changes": [{"path": "secretpath", "before": "OldSecretValue", "after": "NewSecretValue"}],
        **more,
    }


def test_expired_parts_are_gone_everywhere_and_lawfully(tmp_path: Path) -> None:
    asyncio.run(_expire(tmp_path))


async def _expire(tmp_path: Path) -> None:
    clock = MovableClock()
    kept = Kept(tmp_path, clock)
    await kept.start()
    try:
        kept.keep("data", person=5, content=5)
        kept.keep("sharing", fact=30)
        clock.advance_days(8)
        old = kept.send(*(event(n) for n in range(300)))
        stays = kept.send(event(1000, operation="ShareFolder"))
        await kept.settle()
        assert kept.files_with("UniqueAgent/7.77"), "the search below looks at the right bytes"
        clock.advance_days(6)
        young = kept.send(event(2000))
        await kept.settle()
        await kept.sweep()

        assert kept.sweeper.notes.unfinished(1) == []
        (note,) = kept.sweeper.notes.of_tenant(1, 10)
        assert (note.state, note.events) == ("done", 300)
        entry = kept.ledger.reader.entry(1, old[0])
        assert entry.fact is not None
        assert (entry.person, entry.content) == (None, None)
        reach = Reach(tenant_id=1)
        query = Query(kept.index, kept.ledger.reader)
        for shown in (
            await query.event(reach, str(uuid.UUID(int=1))),
            (await query.entry(reach, old[0]))["event"],
        ):
            assert shown["state"] == {
                "fact": "present", "person": "expired", "content": "expired",
            }  # fmt: skip
            assert shown["explained_by"] == {"person": note.index, "content": note.index}
        for index in (*stays, *young):
            assert kept.ledger.reader.entry(1, index).content is not None

        (row,) = await kept.rows(
            f"SELECT gone, actor_email, ip, content, endpoint, text, category FROM events"
            f" WHERE idx = {old[7]}"
        )
        how = f"person expired {note.index}; content expired {note.index}"
        assert row["gone"] == how
        assert (row["actor_email"], row["ip"], row["content"]) == ("", "", "")
        assert row["category"] == "data"
        (count,) = await kept.rows("SELECT count() AS n, uniqExact(idx) AS kinds FROM events")
        assert count["n"] == count["kinds"]
        values = await kept.rows(
            "SELECT DISTINCT value FROM vals UNION DISTINCT SELECT DISTINCT value FROM known"
        )
        names = {value["value"] for value in values}
        assert "somebody7@private.example" not in names
        assert "somebody2000@private.example" in names
        # What lives on is counted as the rows have it.
        await kept.settle()
        for column in ("actor_email", "ip", "operation", "endpoint", "actor_id"):
            wanted = await kept.rows(
                f"SELECT toString({column}) AS value, count() AS n FROM events"
                f" WHERE {column} != '' GROUP BY value ORDER BY value"
            )
            found = await kept.rows(
                f"SELECT value, sum(count) AS n FROM vals WHERE col = '{column}'"
                " GROUP BY value ORDER BY value"
            )
            assert {row["value"]: row["n"] for row in found} == {
                row["value"]: row["n"] for row in wanted
            }
        assert kept.exports_forgotten == 1
        report = kept.report()
        findings = [one for one in report.findings if one.verdict is not Verdict.NOT_COVERED]
        assert (report.exit_code, findings) == (0, [])
        assert report.counts[Verdict.EXPIRED_UNWITNESSED] == 300
        for text in ("somebody7@private.example", 'Secretive reason 7"', "Secretive reason 77"):
            assert kept.files_with(text) == [], text
    finally:
        await kept.close()
    for text in ("somebody7@private.example", "Secretive reason 77"):
        assert kept.files_with(text) == [], text


def test_kills_jumps_and_edits_meanwhile_lose_nothing(tmp_path: Path) -> None:
    asyncio.run(_disturb(tmp_path))


async def _disturb(tmp_path: Path) -> None:
    clock = MovableClock()
    kept = Kept(tmp_path, clock)
    await kept.start()
    try:
        kept.keep("data", fact=6, person=5)
        clock.advance_days(8)
        old = kept.send(*(event(n) for n in range(40)))
        held = old[5:8]

        def place(desk: Desk) -> int:
            data = b"".join(index.to_bytes(8, "big") for index in held)
            salt = bytes(32)
            leaf = hold_leaf(PLACE, 7, desk.day, record=commitment(RECORD, salt, data))
            return desk.append(leaf, Record(salt, data))

        kept.ledger.act_and_wait(1, place)
        clock.advance_days(9)
        await kept.settle()

        # A wall clock that jumps stops it, until somebody says that it is right.
        clock.jump_days(30)
        assert not await kept.sweeper.sweep()
        assert kept.sweeper.state(1).state == "stopped"
        assert kept.sweeper.notes.of_tenant(1, 10) == []
        clock.jump_days(-30)
        assert not await kept.sweeper.sweep(), "it waits for a person, even when it is right again"
        await kept.confirm_clock()

        # So does one that is set ahead while the service is stopped.
        await kept.sweeper.sweep()
        await kept.close()
        clock.jump_days(30)
        kept.open()
        await kept.start()
        seen = kept.sweeper.notes.of_tenant(1, 10)
        assert not await kept.sweeper.sweep()
        assert kept.sweeper.notes.of_tenant(1, 10) == seen
        assert kept.sweeper.state(1).doubt == "jump"
        clock.jump_days(-30)
        await kept.confirm_clock()

        # The index is killed while it takes parts out, and a longer policy is saved meanwhile.
        await kept.sweeper.sweep()
        declared = kept.sweeper.notes.of_tenant(1, 10)
        assert declared
        pid = kept.index.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        kept.keep("data", person=500)
        # The service ends before the rest is done, and comes again.
        await kept.close()
        kept.open()
        await kept.start()
        await kept.sweep()
        assert kept.sweeper.notes.unfinished(1) == []

        for index in old:
            entry = kept.ledger.reader.entry(1, index)
            assert (entry.fact is None) == (index not in held), index
        rows = await kept.rows("SELECT idx, gone, category, operation FROM events ORDER BY idx")
        shown = {row["idx"]: row for row in rows}
        assert len(shown) == len(rows)
        assert [shown[index]["gone"] for index in held] == ["", "", ""]
        assert shown[old[0]]["gone"].startswith("fact expired")
        assert (shown[old[0]]["category"], shown[old[0]]["operation"]) == ("data", "")
        report = kept.report()
        findings = [one for one in report.findings if one.verdict is not Verdict.NOT_COVERED]
        assert (report.exit_code, findings) == (0, [])
        assert kept.files_with("somebody30@private.example") == []
        assert kept.files_with("somebody6@private.example") != []
    finally:
        await kept.close()
