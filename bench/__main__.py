"""
`make bench`: one million events through the running service, measured against the targets, with
other engines beside it. Writes docs/bench/<date>.md. The data folder is thrown away at the end.

    python -m bench [--events 1000000] [--no-peers] [--keep] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Error as PlaywrightError

from bench import machine, measure, report
from bench.events import encode_batches, make_events
from bench.load import write_bodies
from bench.peers import postgres
from bench.scroll import scroll
from bench.service import Service, weigh

ROOT = Path(__file__).resolve().parent.parent
BATCH = 500
PEER_TIMEOUT_S = 120
SINGLES = 200_000  # more than any machine sends in the time given
PEERS = {
    "SQLite + FTS5": ("sqlite_fts", 200_000),
    "PostgreSQL + pg_trgm": ("postgres", 100_000),
    "plain chDB": ("chdb_plain", 200_000),
}


def say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


def make_bodies(folder: Path, events: int, end_us: int) -> None:
    """All request bodies, before anything is measured."""
    say(f"making {events:,} events")
    batches = encode_batches(events, BATCH, end_us=end_us)
    write_bodies(folder / "batches", ((body, BATCH) for body in batches))
    encoder = msgspec.json.Encoder()
    one_by_one = make_events(SINGLES, end_us=end_us, seed=11)
    write_bodies(folder / "singles", ((encoder.encode(event), 1) for event in one_by_one))


def measure_service(folder: Path, end_us: int) -> measure.Numbers:
    numbers = measure.Numbers()
    data = folder / "data"
    say("starting the service")
    service = Service(data)
    try:
        time.sleep(2)
        numbers.values["memory_idle"] = float(weigh(service.pid).memory)
        steps = [
            ("ingest", lambda: measure.ingest(service, folder / "batches", numbers)),
            ("queries", lambda: measure.queries(service, numbers, end_us)),
            ("export", lambda: measure.export(service, numbers, end_us)),
            ("scroll", lambda: scroll(service, numbers)),
            ("single events", lambda: measure.singles(service, folder / "singles", numbers)),
            ("visibility", lambda: measure.visible(service, numbers, now_us())),
        ]
        for name, step in steps:
            say(name)
            run_step(name, step, numbers)
        total = int(service.client.get("/v1/status")["ledger"]["size"])
        service.wait_until_indexed(total)
        say("rest")
        run_step("rest", lambda: measure.rest(data, numbers, total), numbers)
    finally:
        service.stop()
    run_step("disk", lambda: measure.disk(data, numbers, total), numbers)
    values = numbers.values
    if "disk_ledger" in values:
        values["disk"] = values["disk_ledger"] + values["disk_index"]
    say("verify")
    run_step("verify", lambda: measure.verify(data, numbers, total), numbers)
    return numbers


def run_step(name: str, step: Any, numbers: measure.Numbers) -> None:
    """A step that fails is named on the page; the others are still measured."""
    try:
        step()
    except (RuntimeError, OSError, KeyError, subprocess.SubprocessError, PlaywrightError) as error:
        say(f"{name} failed: {error}")
        numbers.failures.append(f"{name}: {error}")


def measure_peers(folder: Path, events: int, end_us: int) -> dict[str, dict[str, Any] | str]:
    results: dict[str, dict[str, Any] | str] = {}
    for title, (module, most) in PEERS.items():
        say(f"peer: {title}")
        if module == "postgres" and not install_postgres():
            results[title] = "it is not installed, and could not be installed"
            continue
        work = folder / module
        work.mkdir()
        command = [sys.executable, "-m", "bench.peers.run", module, str(folder / "batches")]
        command += [str(min(events, most)), str(end_us), str(work)]
        results[title] = run_peer(command)
        shutil.rmtree(work, ignore_errors=True)
    return results


def run_peer(command: list[str]) -> dict[str, Any] | str:
    """The peer's numbers, or why there are none."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PEER_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {PEER_TIMEOUT_S} s"
    if done.returncode == 0:
        numbers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return numbers
    last = done.stderr.strip().splitlines()[-1:] or ["no message"]
    return f"it failed: {last[0]}"


def install_postgres() -> bool:
    """Whether there is a PostgreSQL server; as root on Debian, installs one."""
    if postgres.binaries() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing PostgreSQL with apt-get")
        command = ["apt-get", "install", "-y", "-qq", "postgresql"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return postgres.binaries() is not None


def now_us() -> int:
    return time.time_ns() // 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the data folder")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    begun = time.monotonic()
    facts = machine.describe()
    end_us = now_us()
    date = datetime.now(UTC).date().isoformat()
    parent = ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{date}-", dir=parent))
    folder.chmod(0o755)  # PostgreSQL runs as another account
    try:
        make_bodies(folder, options.events, end_us)
        numbers = measure_service(folder, end_us)
        peers = {} if options.no_peers else measure_peers(folder, options.events, end_us)
    finally:
        if options.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    numbers.notes.append(f"The whole run took {time.monotonic() - begun:.0f} s.")
    text = report.page(
        date, facts, options.events, numbers.values, numbers.notes,
        numbers.failures, peers,
    )  # fmt: skip
    out = options.out or ROOT / "docs" / "bench" / f"{date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(text)
    say(f"written: {out}")
    return 1 if numbers.failures else 0


if __name__ == "__main__":
    sys.exit(main())
