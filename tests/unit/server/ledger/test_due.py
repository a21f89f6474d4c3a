"""What is due: found on its day, and not looked for again while nothing can have become due."""

from __future__ import annotations

from pathlib import Path

from tests.unit.server.ledger.conftest import append_to, event

from indelible.clock import FixedClock, day_of
from indelible.seal import PLACE, RELEASE, Selection, hold_leaf
from indelible.server.ledger import Ledger
from indelible.server.ledger.categories import first_policy
from indelible.server.ledger.due import Due, DueReader, declare_expiries
from indelible.server.retention.history import past_policies
from indelible.server.retention.presets import PRESETS

DAY_S = 86_400


def test_a_look_that_found_nothing_holds_for_the_day(tmp_path: Path, clock: FixedClock) -> None:
    (preset,) = [one for one in PRESETS if one.name == "gdpr-minimal"]
    policy = preset.applied(first_policy(day_of(clock.now_us())))
    Ledger.create(tmp_path, clock, tenant="t", origin="host.example/t", policy=policy)
    ledger = Ledger.open(tmp_path, clock=clock)
    due = DueReader(tmp_path / "ledger.sqlite3")
    looks: list[str] = []
    due._connection.set_trace_callback(lambda sql: looks.append(sql) if "JOIN run" in sql else None)

    def find(ready: int | None = None) -> tuple[list[Due], bool]:
        looks.clear()
        found = due.find(1, ledger.policies(1), day_of(clock.now_us()), ready or ledger.size(1))
        return found, bool(looks)

    try:
        (first,), more = past_policies(ledger.standing(1), {}, below=None, limit=5)
        told = {(c.category, c.path): (c.before, c.after) for c in first.changes}
        assert not more
        assert told["data", "person_days"] == (None, 90)
        assert not any(path in ("floor", "rules", "enabled") for _, path in told)
        append_to(ledger, *(event(n, category="data", reason="why") for n in range(3)))
        assert find() == ([], True)
        append_to(ledger, event(9, category="data", reason="why"))
        assert find() == ([], False)
        clock.advance(91 * DAY_S)
        assert find(ready=2) == ([], True)
        assert find(ready=2) == ([], True), "what a hold may still want is looked at again"
        data = next(c for c in policy.categories if c.name == "data").id
        held = Selection((data,), 0, 1 << 31, 0, 1 << 40)
        today = day_of(clock.now_us())
        ledger.act_and_wait(1, lambda desk: desk.append(hold_leaf(PLACE, 7, today, selection=held)))
        assert find() == ([], True)
        assert find() == ([], False)
        ledger.act_and_wait(1, lambda desk: desk.append(hold_leaf(RELEASE, 7, today)))
        (found,), looked = find()
        assert (looked, found.category_id, found.events) == (True, data, 4)
        ledger.act_and_wait(1, lambda desk: declare_expiries(desk, [found]))
    finally:
        due.close()
        ledger.close()
