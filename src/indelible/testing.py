"""
For tests of a product: a client that keeps its events in memory, and assertions about them.

    audit = MemoryAudit()
    ...
    assert_audited(audit, operation="ShareProfile", target="p_12", actor="ana@example.com")

Each event is read as the service would read it; one that the service would refuse fails the test
where it is recorded. What the SDK would hide from its host is raised.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from indelible.client import Indelible, Receipt, guard
from indelible.client.fields import EventFields
from indelible.client.key import with_check_digits
from indelible.event import parse_event

__all__ = [
    "MemoryAudit",
    "assert_audited",
    "assert_golden",
    "assert_not_audited",
    "raise_swallowed",
]

_STAND_IN = with_check_digits(f"ind_w_{'0' * 10}_{'0' * 32}")
_VARIES = ("id", "occurred_at")
_VARIES_IN_CONTEXT = ("request_id", "session_id", "source_instance", "source_seq", "trace_id")


class MemoryAudit(Indelible):
    """
    A client without a service. `events` holds what was recorded, oldest first, as JSON values.

    Takes the arguments of `Indelible` but url and key.
    """

    def __init__(self, *, source: str = "test", **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        settings.setdefault("on_sigterm", "leave")
        super().__init__("http://127.0.0.1:9", _STAND_IN, source=source, **settings)

    def take(self) -> list[dict[str, Any]]:
        """The events since the last call."""
        events, self.events = self.events, []
        return events

    def keep(self, line: bytes) -> dict[str, Any]:
        """Reads one event strictly and keeps it."""
        parse_event(line)
        event: dict[str, Any] = msgspec.json.decode(line)
        self.events.append(event)
        return event

    def _queue(self, operation: str, fields: EventFields) -> Receipt:
        event_id, line = self.compose(operation, **fields)
        self.keep(line)
        return Receipt(event_id)

    def _store(self, operation: str, fields: EventFields) -> Receipt:
        event_id, line = self.compose(operation, **fields)
        self.keep(line)
        return Receipt(event_id, len(self.events) - 1)


def assert_audited(
    audit: MemoryAudit,
    *,
    operation: str | None = None,
    target: str | None = None,
    actor: str | None = None,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    times: int | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """
    Asserts that such an event was recorded, and returns the last one.

    Args:
        target: type, id or name of one of its targets; actor: id, e-mail or name of who did it.
        changes: `{path: (before, after)}`; further changes of the event do not matter.
        times: how many there must be; at least one if absent.
        fields: other fields of the event, such as `outcome="denied"` or `status=403`.
    """
    found = [
        event
        for event in audit.events
        if _fits(event, operation, target, actor, changes or {}, fields)
    ]
    enough = bool(found) if times is None else len(found) == times
    if not enough:
        wanted = {"operation": operation, "target": target, "actor": actor, "changes": changes}
        said = {name: value for name, value in {**wanted, **fields}.items() if value is not None}
        number = "no event" if not found else f"{len(found)} events"
        recorded = "".join(f"\n  {_shown(event)}" for event in audit.events) or " nothing"
        raise AssertionError(f"{number} with {said}; recorded was:{recorded}")
    return found[-1] if found else {}


def assert_not_audited(audit: MemoryAudit, **wanted: Any) -> None:
    """Asserts that no such event was recorded; the arguments are those of `assert_audited`."""
    assert_audited(audit, times=0, **wanted)


def assert_golden(audit: MemoryAudit, path: str | Path, *, update: bool = False) -> None:
    """
    Asserts that what was recorded is what a file of the repository says, field by field.

    Ids, times and what else differs from run to run are left out. A file that is not there is
    written, and the test fails once, so that it is read before it counts; `update` (or
    INDELIBLE_TEST_GOLDEN=update) writes it anew.
    """
    file = Path(path)
    shown = json.dumps([_lasting(event) for event in audit.events], indent=2, ensure_ascii=False)
    if update or os.environ.get("INDELIBLE_TEST_GOLDEN") == "update":
        file.write_text(shown + "\n", "utf-8")
        return
    if not file.exists():
        file.write_text(shown + "\n", "utf-8")
        raise AssertionError(f"{file} was not there and is written now: read it, then run again")
    wanted = file.read_text("utf-8").rstrip("\n")
    if shown != wanted:
        pairs = difflib.unified_diff(
            wanted.splitlines(), shown.splitlines(), str(file), "recorded", lineterm=""
        )
        raise AssertionError("\n".join(pairs))


def _lasting(event: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in event.items() if name not in _VARIES}
    context = event.get("context") or {}
    kept["context"] = {n: v for n, v in sorted(context.items()) if n not in _VARIES_IN_CONTEXT}
    return dict(sorted(kept.items()))


@contextmanager
def raise_swallowed() -> Iterator[None]:
    """Inside, what the SDK would count and log instead of raising is raised."""
    before, guard.reraise = guard.reraise, True
    try:
        yield
    finally:
        guard.reraise = before


def _fits(
    event: dict[str, Any],
    operation: str | None,
    target: str | None,
    actor: str | None,
    changes: Mapping[str, tuple[Any, Any]],
    fields: Mapping[str, Any],
) -> bool:
    if operation is not None and event["operation"] != operation:
        return False
    things = [value for thing in event.get("targets", ()) for value in thing.values()]
    if target is not None and target not in things:
        return False
    who = event.get("actor", {})
    if actor is not None and actor not in (who.get("id"), who.get("email"), who.get("name")):
        return False
    seen = {
        change["path"]: (change.get("before"), change.get("after"))
        for change in event.get("changes", ())
    }
    if any(seen.get(path) != tuple(values) for path, values in changes.items()):
        return False
    return all(event.get(name) == value for name, value in fields.items())


def _shown(event: dict[str, Any]) -> str:
    keys = ("operation", "method", "endpoint", "status", "outcome", "actor", "targets", "changes")
    return ", ".join(f"{key}={event[key]!r}" for key in keys if key in event)
