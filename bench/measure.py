"""What is measured on the service, each through its HTTP API or its command line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bench.events import DAYS, MONTH_DAYS, make_events, needle
from bench.load import quantile
from bench.service import COMMAND, Client, Service, bytes_under, weigh

PAGE = 50
VISIBLE_SAMPLES = 100
SINGLES_S = 15
SINGLE_CONNECTIONS = 64
BATCH_CONNECTIONS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Numbers:
    """Results by name, and sentences that belong to them."""

    values: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def run_load(kind: str, service: Service, bodies: Path, connections: int, *more: str) -> Any:
    """Runs the load generator in its own process and returns what it printed."""
    command = [sys.executable, "-m", "bench.load", kind, service.url, service.write_key]
    done = subprocess.run(
        [*command, str(bodies), str(connections), *more],
        stdout=subprocess.PIPE,
        check=True,
        timeout=7200,
    )
    return json.loads(done.stdout)


def ingest(service: Service, bodies: Path, numbers: Numbers) -> None:
    """Batches of 500: acknowledged (durable and sealed), then until the index has them all."""
    before = weigh(service.pid)
    begun = time.monotonic()
    peak = Peak(service.pid)
    sent = run_load("batches", service, bodies, BATCH_CONNECTIONS)
    acknowledged = weigh(service.pid)
    size = int(service.client.get("/v1/status")["ledger"]["size"])
    indexed_at = service.wait_until_indexed(size)
    numbers.values["memory_loaded"] = peak.stop()
    after = weigh(service.pid)
    events = sent["events"]
    alone = (acknowledged.alone_s - before.alone_s) / events * 1e6
    until_stored = (acknowledged.cpu_s - before.cpu_s) / events * 1e6
    until_indexed = (after.cpu_s - before.cpu_s) / events * 1e6
    numbers.values["ingest"] = events / sent["seconds"]
    numbers.values["indexed"] = events / (indexed_at - begun)
    numbers.notes.append(
        f"Ingest: {events:,} events in {sent['seconds']:.1f} s over {BATCH_CONNECTIONS} connections"
        f" (a batch: p50 {sent['p50_ms']:.0f} ms, p99 {sent['p99_ms']:.0f} ms, pushed back"
        f" {sent['pushed_back']} times); indexed {indexed_at - begun - sent['seconds']:.1f} s after"
        f" the last acknowledgement. Processor time an event: {alone:.1f} µs of the service until"
        f" acknowledged, {until_stored:.1f} µs with the index process at work meanwhile,"
        f" {until_indexed:.1f} µs until all is indexed;"
        f" {sent['cpu_s'] / events * 1e6:.1f} µs of the load generator."
    )


def singles(service: Service, bodies: Path, numbers: Numbers) -> None:
    """One event a request over 64 connections."""
    sent = run_load("singles", service, bodies, SINGLE_CONNECTIONS, str(SINGLES_S))
    numbers.values["singles"] = sent["events"] / sent["seconds"]
    numbers.values["singles_p99"] = sent["p99_ms"]
    numbers.notes.append(
        f"Single events: p50 {sent['p50_ms']:.1f} ms; the load generator used"
        f" {sent['cpu_s'] / sent['seconds']:.2f} of a core of its own."
    )


def visible(service: Service, numbers: Numbers, now_us: int) -> None:
    """From the acknowledgement of one event until a query returns it, again and again."""
    writer = Client(service.url, service.write_key)
    waits = []
    for event in make_events(VISIBLE_SAMPLES, end_us=now_us, seed=99):
        del event["occurred_at"]  # now
        event["stream"] = "user"
        event["targets"] = [{"type": "probe", "id": "probe", "name": "probe"}]
        receipt = writer.post("/v1/events", msgspec.json.encode(event))["receipts"][0]
        started = time.perf_counter()
        while not _is_listed(service.client, receipt["id"], now_us):
            time.sleep(0.005)
        waits.append(time.perf_counter() - started)
    numbers.values["visible_p99"] = quantile(waits, 0.99)
    numbers.notes.append(
        f"Visible after acknowledge: {VISIBLE_SAMPLES} samples, p50 {quantile(waits, 0.5):.2f} s."
    )


def _is_listed(client: Client, event_id: str, now_us: int) -> bool:
    day = moment(now_us)
    page = client.get(
        "/v1/events",
        stream="user",
        limit=5,
        **{"from": stamp(day - timedelta(hours=1)), "to": stamp(day + timedelta(days=1))},
    )
    return any(event["id"] == event_id for event in page["events"])


def moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def stamp(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def span(days: int, end_us: int) -> dict[str, str]:
    """A free range that ends with the newest event."""
    stop = moment(end_us)
    return {"from": stamp(stop - timedelta(days=days)), "to": stamp(stop)}


def timed(client: Client, path: str, questions: Iterable[dict[str, Any]]) -> list[float]:
    """Milliseconds for each question."""
    spent = []
    for question in questions:
        started = time.perf_counter()
        client.get(path, **question)
        spent.append((time.perf_counter() - started) * 1000)
    return spent


def queries(service: Service, numbers: Numbers, end_us: int) -> None:
    """Reading, one question at a time, each question asked once: nothing comes from a cache."""
    client, values = service.client, numbers.values
    # An index that is asked daily was idle before; right after the ingest it still has to count.
    begun = time.monotonic()
    service.wait_until_counted()
    numbers.notes.append(
        f"Reads: asked when the index had counted its blocks, {time.monotonic() - begun:.0f} s"
        " after all was searchable."
    )
    user = {"stream": "user", "limit": PAGE}
    days = [stamp(moment(end_us) - timedelta(days=n))[:10] for n in range(1, DAYS - 1)]
    pages = [{**user, "period": "day", "date": day, "tz": "Europe/Berlin"} for day in days]
    values["newest_page"] = quantile(timed(client, "/v1/events", pages), 0.95)

    month, everything = span(MONTH_DAYS, end_us), span(DAYS + 1, end_us)
    rare = [{**user, **month, "q": needle(n)} for n in range(40)]
    values["rare_month"] = quantile(timed(client, "/v1/events", rare), 0.95)
    rare = [{**user, **everything, "q": needle(n)} for n in range(40, 80)]
    values["rare_all"] = quantile(timed(client, "/v1/events", rare), 0.95)
    found = client.get("/v1/events", **{**user, **everything, "q": needle(0)})
    _check(numbers, len(found["events"]) == 5, f"{len(found['events'])} of 5 needles found")

    # Another week or month: the page, the bars and the numbers on the tabs, one after the other.
    spent = []
    for n in range(20):
        day = stamp(moment(end_us) - timedelta(days=2 * n + 1))[:10]
        other = {"period": "month" if n % 2 else "week", "date": day, "tz": "Europe/Berlin"}
        asked = [{**other, "group": "time", "stream": "user"}, {**other, "group": "stream"}]
        page = {**user, **other, "limit": PAGE}
        spent.append(
            sum(timed(client, "/v1/events", [page])) + sum(timed(client, "/v1/stats", asked))
        )
    values["period_change"] = quantile(spent, 0.95)

    facets = [
        {**span(MONTH_DAYS, end_us - n * 3_600_000_000), "group": name, "stream": "user"}
        for n in range(5)
        for name in ("operation", "actor", "ip", "method")
    ]
    values["facet"] = quantile(timed(client, "/v1/stats", facets), 0.95)

    # Without a search and over everything, as the sidebar asks at its widest.
    whole = {**everything, "stream": "user", "own": "hide"}
    facets = [{**whole, "group": name} for name in ("operation", "actor", "ip", "outcome")]
    values["facet_all"] = quantile(timed(client, "/v1/stats", facets), 0.95)
    week = [
        {**span(7, end_us - n * 3_600_000_000), "stream": "user", "compare": "previous"}
        for n in range(10)
    ]
    values["summary_week"] = quantile(timed(client, "/v1/summary", week), 0.95)

    spent = []
    for n in range(10):
        shifted = span(MONTH_DAYS, end_us - n * 3_600_000_000)
        asked = [{**shifted, "group": "time", "stream": "user"}, {**shifted, "group": "stream"}]
        spent.append(sum(timed(client, "/v1/stats", asked)))
    values["histogram"] = quantile(spent, 0.95)
    total = client.get("/v1/stats", group="stream", **month)["total"]
    numbers.notes.append(f"A month holds {total:,} events here (the targets speak of 3 million).")


def export(service: Service, numbers: Numbers, end_us: int) -> None:
    """The whole User tab as CSV, with the memory watched."""
    before = weigh(service.pid).memory
    peak = Peak(service.pid)
    started = time.perf_counter()
    whole = {**span(DAYS + 1, end_us), "stream": "user", "own": "hide"}
    reply = service.client.stream("/v1/export", format="csv", **whole)
    rows, size = -1, 0  # the first line is the head
    while piece := reply.read(1 << 20):
        rows += piece.count(b"\n")
        size += len(piece)
    seconds = time.perf_counter() - started
    most = peak.stop()
    numbers.values["export"] = rows / seconds
    numbers.notes.append(
        f"CSV export: {rows:,} rows, {size / 2**20:.0f} MiB in {seconds:.1f} s; memory of all"
        f" processes {before / 2**20:.0f} MiB before, {most / 2**20:.0f} MiB at most."
    )
    told = service.client.get("/v1/stats", **whole)["total"]
    _check(numbers, rows == told, f"the export has {rows:,} rows, the count says {told:,}")


def _check(numbers: Numbers, good: bool, sentence: str) -> None:
    if not good:
        numbers.failures.append(sentence)


REST_S = 15  # longer than the engine keeps the parts that a merge has replaced
MOST_REST_S = 180


def rest(data: Path, numbers: Numbers, events: int) -> None:
    """Lets the index come to rest: its merges end by themselves when nothing comes in."""
    begun = quiet_since = time.monotonic()
    first = last = bytes_under(data / "index")
    while time.monotonic() - quiet_since < REST_S and time.monotonic() - begun < MOST_REST_S:
        time.sleep(1)
        now = bytes_under(data / "index")
        if abs(now - last) > last // 100:
            quiet_since, last = time.monotonic(), now
    numbers.notes.append(
        f"Disk: the index took {first / events:.0f} B/event when the last event was searchable,"
        f" and {last / events:.0f} B/event {time.monotonic() - begun:.0f} s later, at rest."
    )


def disk(data: Path, numbers: Numbers, events: int) -> None:
    """Bytes for one event, after the service has stopped."""
    ledger = sum(bytes_under(path) for path in data.glob("ledger.sqlite3*"))
    numbers.values["disk_ledger"] = ledger / events
    numbers.values["disk_index"] = bytes_under(data / "index") / events


def verify(data: Path, numbers: Numbers, events: int) -> None:
    """`indelible verify` on the folder; a verdict other than all valid is a failure of the run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, "verify", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    numbers.values["verify"] = events / cpu_s
    numbers.notes.append(
        f"Verify: {seconds:.1f} s, {cpu_s:.1f} s of processor time, exit status {done.returncode}."
    )
    said = (done.stdout + done.stderr)[-500:]
    _check(numbers, done.returncode == 0, f"verify said: {said}")


class Peak:
    """Watches the memory of a process and its descendants until `stop`, which returns the peak."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while True:
            self._most = max(self._most, weigh(self._pid).memory)
            if self._end.wait(0.5):
                return

    def stop(self) -> float:
        self._end.set()
        self._thread.join()
        return float(self._most)
