"""Profiles and the history of a target on a real index, against plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.search_index import Entries, Running

from indelible.clock import format_us
from indelible.server.query.history import find_history
from indelible.server.query.profile import OFS, find_profile

pytestmark = pytest.mark.timeout(180)
START = datetime(2026, 11, 1, tzinfo=UTC)


def _event(n: int) -> dict[str, Any]:
    return {
        "operation": f'Op "{n % 3}"',
        "status": (200, 403, 500)[n % 7 % 3],
        "occurred_at": (START + timedelta(hours=n * 5 % 300)).isoformat(),
        "actor": {"kind": "user", "email": f"u{n % 5}@example.com"},
        "origin": {"ip": f"10.0.0.{n % 4}"},
        "targets": [
            {"type": "role", "id": f"r{n % 6}", "name": "Role"},
            {"type": "app", "id": "r1"},
        ],
        "changes": [{"path": "size", "before": n - 6 if n >= 6 else None, "after": n}],
    }


def test_profiles_and_history(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    entries.add(*map(_event, range(120)))
    entries.add({"operation": "Other", "targets": [{"type": "user", "id": "r1"}]})
    running = Running(tmp_path)
    try:
        running.wait(entries.size)
        filter_ = running.filter()
        events = list(entries.events.values())
        values = {
            "actor": "u2@example.com",
            "ip": "10.0.0.3",
            "operation": 'Op "1"',
            "target": "r1",
        }
        mine: dict[str, list[Any]] = {
            "actor": [e for e in events if e.actor.email == values["actor"]],
            "ip": [e for e in events if e.origin and e.origin.ip == values["ip"]],
            "operation": [e for e in events if e.operation == values["operation"]],
            "target": [
                e for e in events if any((t.type, t.id) == ("role", "r1") for t in e.targets or ())
            ],
        }
        for of in OFS:
            found = running.run(find_profile(running.index, filter_, of, values[of], "role"))
            wanted = mine[of]
            assert found.events == len(wanted) > 0
            assert found.failed == sum(e.outcome in ("failure", "denied") for e in wanted)
            assert found.first == format_us(min(e.occurred_us for e in wanted))
            assert sum(bar.count for bar in found.bars) == len(wanted)
            for related in found.related:
                if related.by == "actor":
                    assert {v.key: v.count for v in related.values} == Counter(
                        e.actor.email for e in wanted
                    )
        history = running.run(find_history(running.index, filter_, "role", "r1", 2000))
        order = sorted(
            (index for index, e in entries.events.items() if e in mine["target"]),
            key=lambda index: (entries.events[index].occurred_us, index),
        )
        assert [step.event["index"] for step in history.steps] == order
        state, seams = None, 0
        for index in order:
            event = entries.events[index]
            if event.outcome in ("failure", "denied"):
                continue
            (change,) = event.changes or ()
            seams += state is not None and change.before != state
            state = change.after
        assert [one.value for one in history.fields] == [state]
        assert sum(len(step.seams) for step in history.steps) == seams > 0
        newest = running.run(find_history(running.index, filter_, "role", "r1", 3))
        assert ([step.event["index"] for step in newest.steps], newest.cut, newest.total) == (
            order[-3:], True, len(order),
        )  # fmt: skip
        nobody = running.run(find_profile(running.index, filter_, "actor", "nobody", ""))
        assert (nobody.events, nobody.first, nobody.related) == (0, None, [])
    finally:
        running.stop()
