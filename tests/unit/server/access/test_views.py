"""Saved views: whose they are, versions, limits, marks, and the event with each change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import FixedClock
from indelible.codec import decode_json
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase
from indelible.server.access.views import MAX_VIEWS, View, Views, read_wanted

CLOCK = FixedClock(1_795_000_000_000_000)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlDatabase]:
    opened = ControlDatabase(tmp_path / "control.sqlite3")
    yield opened
    opened.close()


def event(before: View | None, after: View | None) -> dict[str, Any]:
    return {"before": before and before.name, "after": after and after.name}


def wanted(name: str = "Logins", **fields: Any) -> Any:
    asked = {"address": "?q=operation%3ALoginUser", "shared": False, "starred": False}
    return read_wanted(name, **{**asked, "opens": False, **fields})


def events(control: ControlDatabase) -> list[Any]:
    return [decode_json(text) for (text,) in control.read("SELECT event FROM own_event")]


def test_private_views_are_seen_by_their_owner_and_their_tenant_alone(
    control: ControlDatabase,
) -> None:
    views = Views(control, CLOCK)
    views.add(1, "ana", "Ana", "v1", wanted(), event)
    views.add(1, "ana", "Ana", "v2", wanted("Shared", shared=True, starred=True), event)
    assert [view.id for view in views.all(1, "ana")] == ["v1", "v2"]
    seen = views.all(1, "bob")
    assert [(view.id, view.starred) for view in seen] == [("v2", False)]
    assert views.all(2, "ana") == []
    with pytest.raises(NotFound):
        views.one(1, "bob", "v1")
    with pytest.raises(Denied):
        views.remove(1, "bob", "v2", None, event, is_admin=False)
    # A star is anybody's own; an administrator may change what is shared.
    views.change(1, "bob", "v2", None, wanted("Shared", shared=True, starred=True), event,
                 is_admin=False)  # fmt: skip
    views.change(1, "bob", "v2", 1, wanted("Ours", shared=True), event, is_admin=True)
    assert views.one(1, "ana", "v2").name == "Ours"
    assert views.one(1, "ana", "v2").starred


def test_the_second_of_two_who_save_at_once_is_told(control: ControlDatabase) -> None:
    views = Views(control, CLOCK)
    view = views.add(1, "ana", "Ana", "v1", wanted(shared=True), event)
    changed = views.change(1, "ana", "v1", view.version, wanted("A"), event, is_admin=True)
    assert changed.version == 2
    with pytest.raises(Conflict) as refused:
        views.change(1, "ana", "v1", view.version, wanted("B"), event, is_admin=True)
    assert refused.value.code == "view-changed"
    with pytest.raises(Conflict):
        views.remove(1, "ana", "v1", view.version, event, is_admin=True)
    views.change(1, "ana", "v1", 2, wanted("A"), event, is_admin=True)  # nothing changes
    views.remove(1, "ana", "v1", 2, event, is_admin=True)
    assert events(control) == [
        {"before": None, "after": "Logins"},
        {"before": "Logins", "after": "A"},
        {"before": "A", "after": None},
    ]


def test_one_view_opens_first(control: ControlDatabase) -> None:
    views = Views(control, CLOCK)
    for name in ("a", "b"):
        views.add(1, "ana", "Ana", name, wanted(name, opens=True), event)
    assert [view.opens for view in views.all(1, "ana")] == [False, True]


def test_limits(control: ControlDatabase) -> None:
    views = Views(control, CLOCK)
    for number in range(MAX_VIEWS):
        views.add(1, "ana", "Ana", f"v{number}", wanted(f"v{number}"), event)
    with pytest.raises(InvalidRequest):
        views.add(1, "ana", "Ana", "more", wanted(), event)
    for name in ("", " ", "a\nb", "x" * 101):
        with pytest.raises(InvalidRequest):
            wanted(name)
    for address in ("//evil.example", "https://evil.example", "javascript:x", "?" + "x" * 4000):
        with pytest.raises(InvalidRequest):
            wanted(address=address)
