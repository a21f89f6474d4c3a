"""The index process: follows, heals, repairs, and is never more than a copy of the ledger."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.integration.search_index import READER, Entries, Running

from indelible.errors import InvalidRequest
from indelible.event import split
from indelible.server.index import IndexFailed, read_status, request_rebuild
from indelible.server.query import Page

pytestmark = pytest.mark.timeout(180)

Start = Callable[[Path], Running]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Running] = []

    def make(data: Path) -> Running:
        running.append(Running(data))
        return running[-1]

    yield make
    for one in running:
        one.stop()


def _some(count: int, first: int = 0) -> list[dict[str, object]]:
    return [
        {"operation": f"Op{n % 7}", "actor": {"email": f"user{n % 11}@example.com"}, "status": 200}
        for n in range(first, first + count)
    ]


def _stop(one: Running) -> None:
    one.run(one.index.stop())


def _wait_until_up(one: Running, limit_s: float = 90.0) -> None:
    """On a busy machine a process takes longer to start than a question waits for it."""
    until = time.monotonic() + limit_s
    while True:
        try:
            one.run(one.index.query("SELECT 1", {}))
        except IndexFailed:
            if time.monotonic() > until:
                raise
        else:
            return


def _sql(engine: Path, statement: str) -> None:
    """Runs a statement on a stopped index, in a process of its own: one owner per folder."""
    script = (
        "import sys, clickhouse_connect\n"
        "client = clickhouse_connect.get_client(interface='chdb', path=sys.argv[1])\n"
        "client.command(sys.argv[2], settings={'mutations_sync': 1})\n"
        "client.close()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(engine), statement], check=True, timeout=60)


def test_five_kills_while_following_lose_and_double_nothing(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(3_000))
    one = start(tmp_path)
    for kill in range(5):
        one.wait(entries.size if kill % 2 else 1)
        entries.add(*_some(2_000, first=entries.size))
        entries.add_other()
        one.index.notify(1, entries.size)
        _wait_until_up(one)
        pid = one.index.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    one.wait(entries.size)
    events = len(entries.events)
    assert one.counts() == (events, events)
    missing = one.rows(
        "SELECT count() AS n FROM events WHERE tenant = 1 AND idx IN {held:Array(UInt64)}",
        held=list(entries.events),
    )
    assert missing == [{"n": events}]
    assert one.find("operation:Op3")[0] == max(
        index for index, event in entries.events.items() if event.operation == "Op3"
    )
    # The values table was not counted twice either.
    counted = one.rows("SELECT sum(count) AS n FROM vals WHERE tenant = 1 AND col = 'operation'")
    assert counted == [{"n": events}]


def test_a_deleted_folder_comes_back_complete(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(500))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    shutil.rmtree(tmp_path / "index")
    assert read_status(tmp_path) is None
    two = start(tmp_path)
    two.wait(entries.size)
    assert two.counts() == (500, 500)
    assert len(two.find("user3@example")) == len(one_in(500, 11, 3))
    state = read_status(tmp_path)
    assert state is not None
    assert state.indexed_through == {1: entries.size}


def one_in(count: int, modulus: int, rest: int) -> list[int]:
    return [n for n in range(count) if n % modulus == rest]


@pytest.mark.parametrize("what", ["metadata", "data", "everything"])
def test_a_damaged_folder_is_made_anew(tmp_path: Path, start: Start, what: str) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(500))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    engine = tmp_path / "index" / "engine"
    files = [path for path in engine.rglob("*") if path.is_file()]
    if what == "metadata":
        files = [path for path in files if path.suffix == ".sql"]
    elif what == "data":
        files = [path for path in files if path.suffix == ".bin"]
    assert files
    for path in files:
        path.write_bytes(b"\x00garbage\xff" * 20)
    two = start(tmp_path)
    two.wait(entries.size)
    deadline = time.monotonic() + 60
    while two.counts() != (500, 500):
        assert time.monotonic() < deadline, (two.counts(), two.index.status())
        two.run(two.index.wait_for(1, 10**9, 0.3))
    assert len(two.find("Op4")) == len(one_in(500, 7, 4))


def test_rebuild_on_request_running_and_stopped(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(300))
    one = start(tmp_path)
    one.wait(entries.size)
    progress = tmp_path / "index" / "progress-1.json"
    before = msgspec.json.decode(progress.read_bytes())["epoch"]
    request_rebuild(tmp_path)
    deadline = time.monotonic() + 30
    while not progress.exists() or msgspec.json.decode(progress.read_bytes())["epoch"] == before:
        assert time.monotonic() < deadline
        one.run(one.index.wait_for(1, 10**9, 0.2))
    one.wait(entries.size)
    assert one.counts() == (300, 300)
    _stop(one)
    _sql(tmp_path / "index" / "engine", "TRUNCATE TABLE events")
    request_rebuild(tmp_path)
    two = start(tmp_path)
    two.wait(entries.size)
    assert two.counts() == (300, 300)
    assert not (tmp_path / "index" / "rebuild.request").exists()


def test_an_index_of_another_version_is_made_anew(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(100))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    progress = tmp_path / "index" / "progress-1.json"
    found = msgspec.json.decode(progress.read_bytes())
    progress.write_bytes(msgspec.json.encode({**found, "version": "0 casefold/1.0"}))
    _sql(tmp_path / "index" / "engine", "ALTER TABLE events DROP COLUMN severity")
    two = start(tmp_path)
    two.wait(entries.size)
    assert two.counts() == (100, 100)
    assert two.rows("SELECT any(severity) AS severity FROM events") == [{"severity": ""}]


def test_a_bad_entry_becomes_a_stub_and_an_alert(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(20))
    bad = entries.add_raw(b'{"this is": "no fact"}')
    entries.add(*_some(20, first=20))
    lost = entries.add_raw(None, lost=True)
    erased = entries.add_raw(None)
    entries.add(*_some(20, first=40))
    one = start(tmp_path)
    one.wait(entries.size)
    assert one.counts() == (63, 63)
    alerts = "\n".join(one.index.status().alerts)
    assert f"entry {bad} cannot be read" in alerts
    assert f"entry {lost} cannot be read from the ledger" in alerts
    assert f"entry {erased} " not in alerts
    page = one.run(one.query.events(one.filter(q=f"index:{bad}"), Page()))
    assert page.events[0]["state"]["fact"] == "unreadable"
    assert page.events[0]["id"] is None
    page = one.run(one.query.events(one.filter(q=f"index:{erased}"), Page()))
    assert page.events[0]["state"] == {"fact": "missing", "person": "present", "content": "present"}
    assert len(one.find("Op1")) == len(one_in(60, 7, 1))


def test_a_row_that_the_engine_refuses_is_found_by_halving(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(40))
    # A status beyond the column's type: our own ingest refuses it, an older one might not have.
    good = msgspec.json.decode(_fact_of(entries))
    bad = entries.add_raw(msgspec.json.encode({**good, "status": 70_000}))
    entries.add(*_some(40, first=40))
    one = start(tmp_path)
    one.wait(entries.size)
    assert one.counts() == (81, 81)
    assert any(f"entry {bad} is refused" in alert for alert in one.index.status().alerts)
    assert one.find(f"index:{bad}") == [bad]


def _fact_of(entries: Entries) -> bytes:
    fact: bytes = split(next(iter(entries.events.values())), str).fact
    return fact


def test_rows_lost_behind_its_back_are_repaired_under_a_new_epoch(
    tmp_path: Path, start: Start
) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(400))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    engine = tmp_path / "index" / "engine"
    _sql(engine, "ALTER TABLE events DELETE WHERE idx IN (57, 58, 300)")
    before = msgspec.json.decode((tmp_path / "index" / "progress-1.json").read_bytes())
    entries.add(*_some(50, first=400))
    two = start(tmp_path)
    two.wait(entries.size)
    assert two.counts() == (450, 450)
    after = msgspec.json.decode((tmp_path / "index" / "progress-1.json").read_bytes())
    assert after["epoch"] > before["epoch"]


def test_doubled_rows_are_repaired(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(200))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    engine = tmp_path / "index" / "engine"
    _sql(engine, "INSERT INTO events SELECT * FROM events WHERE idx < 30")
    two = start(tmp_path)
    two.wait(entries.size)
    assert two.counts() == (200, 200)


def test_a_batch_that_was_under_way_is_sent_again_with_its_old_boundaries(
    tmp_path: Path, start: Start
) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(250))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    # The file still names the last batch as under way: each start repeats it, none doubles it.
    progress = msgspec.json.decode((tmp_path / "index" / "progress-1.json").read_bytes())
    assert progress["batch"] == {"start": 0, "stop": entries.size, "rows": 250}
    for _ in range(2):
        again = start(tmp_path)
        again.wait(entries.size)
        assert again.counts() == (250, 250)
        _stop(again)


def test_a_ledger_that_was_restored_shorter_is_indexed_anew(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(300))
    one = start(tmp_path)
    one.wait(entries.size)
    _stop(one)
    shutil.rmtree(tmp_path / "entries")
    entries = Entries(tmp_path, seed=2)
    entries.add(*_some(120))
    two = start(tmp_path)
    two.wait(entries.size)
    two.run(two.index.wait_for(1, 10**9, 1.0))
    assert two.counts() == (120, 120)


def test_queries_can_neither_write_nor_read_files(tmp_path: Path, start: Start) -> None:
    entries = Entries(tmp_path)
    entries.add(*_some(5))
    one = start(tmp_path)
    one.wait(entries.size)
    for statement in (
        "INSERT INTO vals SELECT * FROM vals",
        "DROP TABLE events",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT 1 SETTINGS readonly = 0",
    ):
        with pytest.raises((IndexFailed, InvalidRequest)):
            one.run(one.index.query(statement, {}))
    assert one.counts() == (5, 5)


def test_streams_are_slow_readers_friends(tmp_path: Path, start: Start) -> None:
    """Streams that nobody reads hold up neither queries nor each other, and end when let go."""
    entries = Entries(tmp_path)
    entries.add(*_some(5))
    one = start(tmp_path)
    one.wait(entries.size)

    async def look() -> int:
        sql = "SELECT number, repeat('x', 200) FROM numbers(2000000)"
        streams = [one.index.stream(sql, {}, "CSV") for _ in range(3)]
        firsts = [await anext(stream) for stream in streams]
        assert all(firsts)
        assert await one.index.query("SELECT 1 AS x", {}) == b'{"x":1}\n'
        for stream in streams:
            await stream.aclose()
        total = 0
        async for chunk in one.index.stream("SELECT number FROM numbers(300000)", {}, "CSV"):
            total += chunk.count(b"\r\n")
        return total

    assert one.run(look()) == 300_000


def test_the_process_ends_with_its_service(tmp_path: Path) -> None:
    Entries(tmp_path)
    script = textwrap.dedent(
        f"""
        import asyncio, os
        from pathlib import Path
        from indelible.server.index import IndexProcess

        async def main():
            index = IndexProcess(Path({str(tmp_path)!r}), reader={READER!r})
            await index.start()
            await index.query("SELECT 1", {{}})
            print(index.pid, flush=True)
            os._exit(9)

        asyncio.run(main())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and "index" in _command(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
