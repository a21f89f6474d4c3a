"""Events become JSON whatever the host puts into them, and are what the service's parser takes."""

from __future__ import annotations

import enum
import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indelible.client.compose import Composer
from indelible.client.context import Holder
from indelible.client.fields import as_list, as_moment, encode_event
from indelible.client.run import JobFacts
from indelible.event import Actor, Target, parse_event
from indelible.event.model import MAX_CHANGES, MAX_EVENT_BYTES, MAX_TARGETS


class Colour(enum.Enum):
    RED = "red"


class Rude:
    def __str__(self) -> str:
        raise ValueError("no text for you")


class Plain:
    pass


def compose(operation: str = "A", holder: Holder | None = None, **fields: Any) -> dict[str, Any]:
    composer = Composer("unit", "1.2", lambda: 1_795_451_711_000_001, bytes)
    event = composer.event(operation, fields, holder, "i_1")  # type: ignore[arg-type]
    decoded: dict[str, Any] = json.loads(encode_event(event))
    parse_event(json.dumps(decoded).encode())  # what is sent is what the service accepts
    return decoded


def test_given_fields_come_before_those_of_the_context() -> None:
    holder = Holder()
    holder.actor = {"kind": "user", "id": "u_1"}
    holder.request_id, holder.session_id = "r_1", "s_1"
    event = compose(holder=holder, actor=Actor(kind="system"), session_id="s_2")
    assert event["actor"] == {"kind": "system"}
    assert event["context"] == {
        "request_id": "r_1",
        "session_id": "s_2",
        "source": "unit",
        "source_version": "1.2",
        "source_instance": "i_1",
    }
    assert event["occurred_at"] == "2026-11-23T16:35:11.000001Z"


def test_on_behalf_of_joins_the_actor() -> None:
    holder = Holder()
    holder.actor = Actor(kind="user", name="m.lind")
    holder.on_behalf_of = {"kind": "user", "name": "j.osei"}
    event = compose(holder=holder)
    assert event["actor"] == {
        "kind": "user",
        "name": "m.lind",
        "on_behalf_of": {"kind": "user", "name": "j.osei"},
    }


def test_numbers_as_ids_become_text() -> None:
    job = JobFacts(name="sync", id=7, parent_id=6).as_job("queued")  # type: ignore[arg-type]
    event = compose(
        actor={"kind": "user", "id": 1},
        on_behalf_of={"kind": "user", "id": 2},
        targets=[{"type": "group", "id": 3}, Target(type="group", id=4), Target(name="x")],  # type: ignore[arg-type]
        job=job,
    )
    assert (event["actor"]["id"], event["actor"]["on_behalf_of"]["id"]) == ("1", "2")
    assert [target.get("id") for target in event["targets"]] == ["3", "4", None]
    assert event["job"] == {"id": "7", "root_id": "7", "parent_id": "6", "attempt": 1,
                            "state": "queued"}  # fmt: skip


def test_one_target_needs_no_list_and_a_reason_may_be_an_error() -> None:
    event = compose(targets={"type": "group", "id": "g_1"}, reason=ValueError("no such group"))
    assert event["targets"] == [{"type": "group", "id": "g_1"}]
    assert event["reason"] == "no such group"
    assert compose(targets=Target(id="g_2"))["targets"] == [{"id": "g_2"}]


def test_empty_fields_are_left_out() -> None:
    event = compose(status=None, targets=[Target(type="group", id="g_1")], reason=None)
    assert event.keys() == {"id", "operation", "occurred_at", "targets", "context"}
    assert event["targets"] == [{"type": "group", "id": "g_1"}]


def test_a_field_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match="'actr'"):
        compose(actr={})


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (
            datetime(2026, 11, 22, 9, 15, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-22T07:15:00Z",
        ),
        (datetime(2026, 11, 22, 9, 15, 0, 5, tzinfo=UTC), "2026-11-22T09:15:00.000005Z"),
        (1_795_451_711_000_001, "2026-11-23T16:35:11.000001Z"),
        ("2026-11-22T09:15:00Z", "2026-11-22T09:15:00Z"),
        (date(2026, 11, 22), "2026-11-22T00:00:00Z"),
        (1_795_451_711.5, "2026-11-23T16:35:11.500000Z"),
    ],
)
def test_times_are_written_in_utc(value: datetime | float | str, want: str) -> None:
    assert as_moment(value) == want


@pytest.mark.parametrize("value", ["yesterday", "2026-11-26T10:00:00", True, object(), 1e300])
def test_what_is_no_moment_is_none(value: Any) -> None:
    assert as_moment(value) is None


def test_changes_that_are_no_pairs_are_new_values() -> None:
    assert as_list({"a": (1, 2), "b": "xy", 3: None}) == [  # type: ignore[dict-item]
        {"path": "a", "before": 1, "after": 2},
        {"path": "b", "after": "xy"},
        {"path": "3", "after": None},
    ]
    assert as_list([("a", 1, 2), "odd"]) == [  # type: ignore[list-item]
        {"path": "a", "before": 1, "after": 2},
        {"path": "(not told)", "after": "odd"},
    ]


def test_an_event_with_no_time_is_kept_and_marked() -> None:
    composer = Composer("app", None, lambda: 0, bytes)
    event = composer.event("Op", {"occurred_at": "soon"}, None, "i")
    assert event["occurred_at"] == "1970-01-01T00:00:00Z"
    assert event["context"]["altered"] == ["occurred_at: str that is no time, replaced"]
    told = composer.event("Op", {"occurred_at": "2026-11-26T10:00:00+01:00"}, None, "i")
    assert told["occurred_at"] == "2026-11-26T09:00:00Z"
    assert "altered" not in told["context"]


def test_values_of_a_host_become_json() -> None:
    values = {
        "decimal": Decimal("12.50"),
        "moment": datetime(2026, 11, 22, tzinfo=UTC),
        "day": date(2026, 11, 22),
        "id": uuid.UUID(int=7),
        "colour": Colour.RED,
        "bytes": b"ab",
        "set": {1},
        "object": Plain(),
    }
    assert compose(metadata=values)["metadata"] == {
        "decimal": "12.50",
        "moment": "2026-11-22T00:00:00Z",
        "day": "2026-11-22",
        "id": "00000000-0000-0000-0000-000000000007",
        "colour": "red",
        "bytes": "YWI=",
        "set": [1],
        "object": "<Plain>",
    }


def test_what_cannot_be_written_is_replaced_and_marked() -> None:
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    event = compose(
        metadata={"rude": Rude(), "half": "\ud800", ("a", 1): float("nan"), "cycle": cycle}
    )
    assert event["metadata"]["rude"] == "<Rude>"
    assert event["metadata"]["half"] == "?"
    assert event["metadata"]["('a', 1)"] == "nan"
    assert "replaced" in event["context"]["altered"][0]


def test_an_event_over_the_limit_is_cut_not_lost() -> None:
    event = compose(changes={"text": ("x" * 200_000, "y" * 200_000)}, reason="kept")
    assert event["changes"][0]["before"].endswith("x…")
    assert event["reason"] == "kept"
    assert "long values cut" in event["context"]["altered"][0]


def test_long_lists_are_cut_to_what_the_service_takes() -> None:
    event = compose(
        targets=[{"id": str(n)} for n in range(MAX_TARGETS + 1)],
        changes={str(n): (n, n + 1) for n in range(MAX_CHANGES + 9)},
    )
    assert (len(event["targets"]), len(event["changes"])) == (MAX_TARGETS, MAX_CHANGES)
    assert event["context"]["altered"] == ["targets: kept 100 of 101", "changes: kept 500 of 509"]


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.builds(Rude)
    | st.builds(Plain),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(st.characters(), max_size=5), HOSTILE, max_size=3), HOSTILE, HOSTILE)
def test_any_value_becomes_one_line_of_json(
    metadata: dict[str, Any], before: object, after: object
) -> None:
    event: dict[str, Any] = {
        "operation": "A",
        "metadata": metadata,
        "changes": [{"path": "p", "before": before, "after": after}],
    }
    line = encode_event(event)
    assert b"\n" not in line
    assert len(line) <= MAX_EVENT_BYTES
    assert msgspec.json.decode(line)["operation"] == "A"
