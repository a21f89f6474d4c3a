"""A real ledger, index and sweeper in one process, with a clock that can be moved by days."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from indelible.clock import US_PER_DAY, US_PER_S, Uptime
from indelible.server.access.approvals import Approvals, Somebody
from indelible.server.access.control import ControlDatabase
from indelible.server.access.policy_notes import PolicyNotes
from indelible.server.access.removals import RemovalNotes
from indelible.server.ids import id_maker
from indelible.server.index import IndexProcess
from indelible.server.ingest import Ingest
from indelible.server.ingest.own import OwnAudit
from indelible.server.ledger import Ledger
from indelible.server.ledger.due import DueReader
from indelible.server.retention.edit import CategoryEdit, Edit, Keep, edited
from indelible.server.retention.held_counts import HeldCounts
from indelible.server.retention.policies import Policies
from indelible.server.retention.sweeper import Sweeper
from indelible.verify import verify_folder
from indelible.verify.report import TenantReport

START_US = 1_795_428_000_000_000  # 2026-11-23 10:00 UTC


class MovableClock:
    """Real time, moved forward or back by the test; `jump` moves the wall clock alone."""

    def __init__(self) -> None:
        # Always the same hour of the first day, however long this machine has been up.
        self._begun_s = time.monotonic()
        self._offset_us = 0
        self._moved_s = 0.0
        self.boot = "first"

    def now_us(self) -> int:
        return START_US + int((time.monotonic() - self._begun_s) * US_PER_S) + self._offset_us

    def monotonic_s(self) -> float:
        return time.monotonic() + self._moved_s

    def uptime(self) -> Uptime:
        return Uptime(self.boot, int(self.monotonic_s() * US_PER_S))

    def advance_days(self, days: float) -> None:
        self._offset_us += int(days * US_PER_DAY)
        self._moved_s += days * 86_400

    def jump_days(self, days: float) -> None:
        self._offset_us += int(days * US_PER_DAY)


class NoHolds:
    """No hold at all."""

    def covering(
        self, tenant_id: int, places: Sequence[tuple[int, int, int]]
    ) -> Mapping[int, Sequence[str]]:
        return {}

    def counts(self, tenant_id: int) -> dict[int, dict[str, int]]:
        return {}

    async def kept(self, tenant_id: int, categories: Sequence[str]) -> Mapping[str, HeldCounts]:
        return {}

    def ready_through(self, tenant_id: int) -> int:
        return 1 << 60


class Kept:
    """The parts of a service that retention needs. Use within one event loop."""

    def __init__(self, data: Path, clock: MovableClock) -> None:
        self.data = data
        self.clock = clock
        if not (data / "format.json").exists():
            Ledger.create(data, clock, tenant="default", origin="host.example/default")
            (data / "format.json").write_text('{"format":1}\n')
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.data, clock=self.clock)
        self.control = ControlDatabase(self.data / "control.sqlite3")
        new_id = id_maker(self.clock, os.urandom)
        self.ingest = Ingest(self.ledger, new_id)
        self.own = OwnAudit(self.control, self.ingest.record_own, self.clock, new_id)
        self.index = IndexProcess(self.data, memory_mb=1024, clock=self.clock)
        self.policies = Policies(self.ledger, PolicyNotes(self.control), self.clock, new_id)
        self.exports_forgotten = 0
        self.sweeper = Sweeper(
            self.ledger,
            DueReader(self.data / "ledger.sqlite3"),
            RemovalNotes(self.control),
            self.index,
            NoHolds(),
            self._forget_exports,
            self.own,
            self.clock,
            self.clock.uptime,
        )

    async def start(self) -> None:
        self.ledger.on_commit(self.index.notify)
        await self.index.start()
        self.index.notify(1, self.ledger.size(1))

    async def close(self) -> None:
        await self.sweeper.stop()
        await self.index.stop()
        await asyncio.to_thread(self.ledger.close)
        self.control.close()

    async def _forget_exports(self, _tenant_id: int) -> None:
        self.exports_forgotten += 1

    def keep(self, name: str, **days: int | None) -> None:
        """Saves the next policy."""
        edit = Edit(0, "a test", [CategoryEdit(name, keep=Keep(**days))])
        self.policies.save(
            1,
            Somebody("u_1", "Ana"),
            lambda standing, day: edited(standing, edit, day),
            lambda _wanted, _index: {"operation": "UpdateRetention", "id": str(uuid.uuid4())},
            base_version=None,
            reason="a test",
        )

    async def confirm_clock(self) -> None:
        """One person asks, another approves."""
        approvals = Approvals(self.control, self.clock, os.urandom)
        asked = approvals.ask(
            1, Somebody("u_1", "Ana"), self.sweeper.wanted_clock(1, "a test"), lambda _b, _a: {}
        )
        approvals.decide(
            1, asked.id, Somebody("u_2", "Bea"), approve=True, reason="a test",
            event=lambda _b, _a: {},
        )  # fmt: skip
        (approved,) = approvals.pending()
        await self.sweeper.clock_approved(approved)
        approvals.finish(approved)

    def send(self, *events: dict[str, Any]) -> list[int]:
        """Stores events; returns their entries."""
        reply = self.ingest.store(1, [json.dumps(one).encode() for one in events], key_id="k")
        assert not reply.rejected, reply.rejected
        return [receipt.index for receipt in reply.receipts]

    async def settle(self) -> None:
        """Waits until the index has everything."""
        assert await self.index.wait_for(1, self.ledger.size(1) - 1, 60)

    async def sweep(self, limit_s: float = 90) -> None:
        """Sweeps until nothing is under way."""
        end_s = time.monotonic() + limit_s
        while await self.sweeper.sweep() and self.sweeper.notes.unfinished(1):
            assert time.monotonic() < end_s, self.sweeper.state(1)
            await asyncio.sleep(0.2)

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        data = await self.index.query(sql, {})
        return [json.loads(line) for line in data.splitlines()]

    def report(self) -> TenantReport:
        """The verifier's judgement of the folder."""
        return verify_folder(self.data).tenants[0]

    def files_with(self, text: str) -> list[str]:
        """Files of the data folder that hold a text, in any state of theirs."""
        needle = text.encode()
        return [
            str(path.relative_to(self.data))
            for path in self.data.rglob("*")
            if path.is_file() and needle in path.read_bytes()
        ]
