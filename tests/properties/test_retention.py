"""
Any series of events, policies, holds, erasures, expiries and crashes: the verifier finds each entry
lawful after each step, and what the service says is gone is gone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from indelible.clock import FixedClock, day_of
from indelible.event import complete, parse_event
from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    PLACE,
    RECORD,
    RELEASE,
    Selection,
    commitment,
    erasure_leaf,
    hold_leaf,
    policy_leaf,
)
from indelible.server.ledger import Declared, Desk, Incoming, Ledger, Record
from indelible.server.ledger.due import DueReader, declare_expiries
from indelible.server.ledger.removal import remove_parts
from indelible.server.retention.edit import CategoryEdit, Edit, Keep, edited, withdrawn
from indelible.server.retention.plan import Rules
from indelible.verify import verify_folder
from indelible.verify.report import OK, SOUND, Verdict, exit_code_of

NOW_US = 1_795_000_000_000_000
DAY_S = 86_400
PARTS = (FACT, PERSON, CONTENT)
OPERATIONS = {"data": "Look", "sharing": "ShareFolder", "job": "Look"}
_days = st.one_of(st.none(), st.integers(1, 20))


class Retention(RuleBasedStateMachine):
    """The ledger's side of retention, with a clock that is moved by days."""

    @initialize()
    def create(self) -> None:
        self.data = Path(tempfile.mkdtemp())
        self.clock = FixedClock(NOW_US)
        Ledger.create(self.data, self.clock, tenant="default", origin="host.example/default")
        (self.data / "format.json").write_text('{"format":1}\n')
        self.holds: list[int] = []
        self.sent = self.placed = 0
        self.unfinished: list[tuple[int, int, int, int]] = []
        self.open()
        # Short promises from the start, so that most series come to what is due.
        for category, days in (("data", 3), ("sharing", 5)):
            self.change_policy(category, "person", days, True)
            self.change_policy(category, "content", days, True)
        self.change_policy("job", "fact", 4, True)
        self.wait(8)
        for category in ("data", "sharing", "job"):
            self.add(2, category)
        self.place_hold("data", 0)
        self.wait(7)
        self.add(2, "data")

    def open(self) -> None:
        self.ledger = Ledger.open(self.data, clock=self.clock)
        self.due = DueReader(self.data / "ledger.sqlite3")

    def close(self) -> None:
        self.due.close()
        self.ledger.close()

    def teardown(self) -> None:
        if hasattr(self, "data"):
            self.close()
            shutil.rmtree(self.data)

    @rule(count=st.integers(1, 5), category=st.sampled_from(sorted(OPERATIONS)))
    def append(self, count: int, category: str) -> None:
        self.add(count, category)

    def add(self, count: int, category: str) -> None:
        received_us = self.clock.now_us()
        items = []
        for _ in range(count):
            self.sent += 1
            sent = parse_event(
                json.dumps(
                    {
                        "operation": OPERATIONS[category],
                        "stream": "task" if category == "job" else "user",
                        "actor": {"email": f"p{self.sent}@example.com"},
                        "reason": f"reason {self.sent}",
                    }
                ).encode()
            )
            event = complete(
                sent,
                received_us=received_us,
                reported_by="client",
                new_id=lambda: str(uuid.UUID(int=self.sent)),
            )
            items.append(Incoming(event.id, self.ledger.part(1, event)))
        self.ledger.append_and_wait(1, items, received_us=received_us, scope="k")

    @rule(
        category=st.sampled_from(sorted(OPERATIONS)),
        part=st.sampled_from(["fact", "person", "content"]),
        days=_days,
        enabled=st.booleans(),
    )
    def save_policy(self, category: str, part: str, days: int | None, enabled: bool) -> None:
        self.change_policy(category, part, days, enabled)

    def change_policy(self, category: str, part: str, days: int | None, enabled: bool) -> None:
        edit = Edit(0, "why", [CategoryEdit(category, enabled, Keep(**{part: days}))])

        def save(desk: Desk) -> None:
            wanted = edited(desk.standing, edit, desk.day)
            if wanted.changes and not wanted.faults:
                record = Record(b"", wanted.catalogue.encoded())
                desk.append(policy_leaf(wanted.policy, desk.day), record)

        self.ledger.act_and_wait(1, save)

    @rule()
    def withdraw(self) -> None:
        def save(desk: Desk) -> None:
            wanted = withdrawn(desk.standing, desk.day)
            if wanted.changes:
                assert not wanted.faults
                record = Record(b"", wanted.catalogue.encoded())
                desk.append(policy_leaf(wanted.policy, desk.day), record)

        self.ledger.act_and_wait(1, save)

    @rule(days=st.integers(1, 12))
    def wait_some_days(self, days: int) -> None:
        self.wait(days)

    def wait(self, days: int) -> None:
        self.clock.advance(days * DAY_S)

    @rule(category=st.sampled_from(sorted(OPERATIONS)), back=st.integers(0, 10))
    def hold(self, category: str, back: int) -> None:
        self.place_hold(category, back)

    def place_hold(self, category: str, back: int) -> None:
        self.placed += 1
        number = self.placed
        self.holds.append(number)
        chosen = self.ledger.category_ids(1)[category]

        def place(desk: Desk) -> None:
            selection = Selection((chosen,), desk.day - back, desk.day + 5, 0, 1 << 40)
            desk.append(hold_leaf(PLACE, number, desk.day, selection=selection))

        self.ledger.act_and_wait(1, place)

    @precondition(lambda self: getattr(self, "holds", []))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.holds))
        self.holds.remove(number)
        self.ledger.act_and_wait(1, lambda desk: desk.append(hold_leaf(RELEASE, number, desk.day)))

    @rule(data=st.data(), parts=st.integers(1, 7))
    def erase(self, data: st.DataObject, parts: int) -> None:
        """Erases parts of one entry, where nothing keeps them."""
        index = data.draw(st.integers(2, max(2, self.ledger.size(1) - 1)))
        if index >= self.ledger.size(1):
            return
        entry = self.ledger.reader.entry(1, index)
        if entry.leaf_type != 1:
            return
        held = self.due.declared(1).held

        def erase(desk: Desk) -> None:
            held.catch_up(desk.connection, 1)
            rules = Rules(
                desk.policy,
                desk.day,
                lambda i, category, day: tuple(map(str, held.covering(i, category, day))),
            )
            goes = sum(
                part
                for part in PARTS
                if parts & entry.parts & part
                and rules.obstacle(index, entry.category_id, entry.day, part) is None
            )
            if not goes:
                return
            salt = os.urandom(32)
            desk.append(
                erasure_leaf(
                    goes, desk.day, first=index, count=1, reason=1,
                    record=commitment(RECORD, salt, b"{}"),
                ),
                Record(salt, b"{}"),
            )  # fmt: skip
            remove_parts(desk.connection, 1, {index: goes})

        self.ledger.act_and_wait(1, erase)

    @rule(crash=st.booleans())
    def expire(self, crash: bool) -> None:
        """Declares what is due; a crash comes before anything is removed."""
        today = day_of(self.clock.now_us())
        policies = self.ledger.policies(1)
        due = self.due.find(1, policies, today, self.ledger.size(1))
        if due:
            indices = self.ledger.act_and_wait(1, lambda desk: declare_expiries(desk, due))
            assert len(indices) == len(due)
            self.unfinished += [
                (one.category_id, one.cutoff_day, one.upto, one.parts) for one in due
            ]
        if crash:
            self.close()
            self.open()
            return
        for one in self.unfinished:
            for step in self.due.steps(1, *one):
                self.ledger.act_and_wait(1, step)
                assert self.ledger.act_and_wait(1, step) == 0, "done again it does nothing"
        self.unfinished = []
        left = self.due.find(1, policies, today, self.ledger.size(1))
        assert left == [], "what was due is gone, so nothing is due any more"

    @rule()
    def restart(self) -> None:
        self.close()
        self.open()

    @invariant()
    def every_entry_is_lawful(self) -> None:
        if not hasattr(self, "data"):
            return
        report = verify_folder(self.data).tenants[0]
        wrong = [
            finding
            for finding in report.findings
            if finding.verdict not in SOUND and exit_code_of(finding.verdict) != OK
        ]
        # What was declared and crashed before it was removed is due within two days.
        late = {Verdict.UNEXPECTED} if self.unfinished else set()
        assert [one for one in wrong if one.verdict not in late] == []

    @invariant()
    def what_is_said_to_be_gone_is_gone(self) -> None:
        if not hasattr(self, "data") or self.unfinished:
            return
        declared = self.ledger.reader.learn(Declared(), 1)
        for entry in self.ledger.reader.read(1, 2, self.ledger.size(1)):
            if entry.leaf_type != 1:
                continue
            gone = declared.gone(entry.index, entry.category_id, entry.day, entry.parts)
            here = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
            for part in PARTS:
                if entry.parts & part:
                    assert (here[part] is None) == (part in gone), (entry, gone)


@pytest.mark.timeout(300)
def test_any_series_of_acts_leaves_a_lawful_log() -> None:
    run_state_machine_as_test(
        Retention,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
