"""The history of a target: fields, seams, what made and changed it last."""

from __future__ import annotations

import random
from typing import Any

from indelible.server.query.history import History, replay


def event(
    number: int, changes: list[tuple[str, Any, Any]], *, outcome: str = "success",
    operation: str = "UpdateRole", targets: list[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": f"e{number}",
        "index": number,
        "occurred_at": f"2026-11-20T10:00:{number:02}Z",
        "operation": operation,
        "outcome": outcome,
        "targets": [{"type": "role", "id": one, "name": f"N{number}"} for one in targets or ["r"]],
        "changes": [{"path": p, "before": b, "after": a} for p, b, a in changes],
    }


def history(*events: dict[str, Any], erased: set[int] | None = None) -> History:
    return replay(list(events), "role", "r", len(events), 99, erased or set())


def test_a_seam_is_where_before_is_not_what_was_left() -> None:
    found = history(
        event(1, [("name", None, "A"), ("size", None, 1)], operation="CreateRole"),
        event(2, [("name", "A", "B")]),
        event(3, [("name", "X", "C"), ("size", 1, 2)]),
    )
    assert [len(step.seams) for step in found.steps] == [0, 0, 1]
    seam = found.steps[2].seams[0]
    assert (seam.path, seam.left, seam.found, seam.since_index) == ("name", "B", "X", 2)
    assert (found.created, found.updated, found.name) == (0, 2, "N3")
    assert [(one.path, one.value, one.index) for one in found.fields] == [
        ("name", "C", 3),
        ("size", 2, 3),
    ]


def test_a_change_without_a_value_before_is_unknown_not_a_mismatch() -> None:
    found = history(
        event(1, [("name", None, "A")], operation="CreateRole"),
        event(2, [("name", None, "B")]),
        event(3, [("name", "B", None)]),
        event(4, [("name", None, "C")]),
    )
    assert [[seam.unsaid for seam in step.seams] for step in found.steps] == [[], [True], [], []]
    seam = found.steps[1].seams[0]
    assert (seam.left, seam.found, seam.since_index) == ("A", None, 1)


def test_failed_events_and_other_targets_change_nothing() -> None:
    found = history(
        event(1, [("name", None, "A")]),
        event(2, [("name", "A", "B")], outcome="denied"),
        event(3, [("name", "Q", "Z")], targets=["other", "r"]),
        event(4, [("name", "A", "C")]),
    )
    assert [step.applied for step in found.steps] == [True, False, False, True]
    assert not any(step.seams for step in found.steps)
    assert [one.value for one in found.fields] == ["C"]


def test_no_seam_is_claimed_over_what_is_erased_or_redacted() -> None:
    found = history(
        event(1, [("name", None, "A"), ("key", None, "[redacted]")]),
        event(2, []),
        event(3, [("name", "Q", "C"), ("key", "old", "new")]),
        erased={2},
    )
    assert found.steps[1].erased
    assert not any(step.seams for step in found.steps)
    again = history(event(1, [("name", None, "A")]), event(2, []), erased={2})
    assert [one.unsure for one in again.fields] == [True]


def test_fields_are_what_plain_python_gives() -> None:
    rng = random.Random(7)
    for _ in range(200):
        state: dict[str, Any] = {}
        events, seams = [], 0
        for number in range(rng.randrange(1, 15)):
            changes = []
            for path in rng.sample("abcd", rng.randrange(0, 3)):
                before = state.get(path)
                if path in state and rng.random() < 0.2:
                    before, seams = f"outside {number}", seams + 1
                after = rng.choice([number, f"v{number}", [number], None])
                changes.append((path, before, after))
                state[path] = after
            events.append(event(number, changes))
        found = history(*events)
        assert {one.path: one.value for one in found.fields} == state
        assert sum(len(step.seams) for step in found.steps) == seams
