"""Properties of the event model: nothing is lost in the parts, nothing breaks the parser."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from indelible.errors import InvalidEvent
from indelible.event import (
    complete,
    join,
    parse_batch,
    parse_event,
    same_as_sent,
    split,
    split_sent,
)

text = st.text(max_size=40)
name = st.none() | text
json_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
principal = st.fixed_dictionaries(
    {},
    optional={
        "id": name | st.emails(),
        "email": name,
        "name": name,
        "kind": st.sampled_from(["user", "api_key"]),
    },
)
events = st.fixed_dictionaries(
    {"operation": st.text(min_size=1, max_size=40)},
    optional={
        "id": st.uuids().map(str),
        "stream": st.sampled_from(["user", "system", "task"]),
        "method": name,
        "endpoint": name | st.emails().map(lambda email: f"/users/{email}/x"),
        "status": st.none() | st.integers(0, 999),
        "occurred_at": st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        "actor": st.builds(
            lambda actor, other: {**actor, "on_behalf_of": other}, principal, st.none() | principal
        ),
        "origin": st.fixed_dictionaries(
            {}, optional={"ip": st.ip_addresses().map(str), "device_id": name, "user_agent": name}
        ),
        "targets": st.lists(
            st.fixed_dictionaries(
                {}, optional={"type": name, "id": name | st.emails(), "name": name}
            ),
            max_size=3,
        ),
        "changes": st.lists(
            st.fixed_dictionaries(
                {"path": text}, optional={"before": json_value, "after": json_value}
            ),
            max_size=3,
        ),
        "reason": name,
        "metadata": st.dictionaries(text, json_value, max_size=3),
    },
)


@given(events)
def test_split_then_join_gives_the_event_again(value: dict[str, Any]) -> None:
    sent = parse_event(json.dumps(value).encode())
    event = complete(
        sent, received_us=1_795_000_000_000_000, reported_by="client", new_id=lambda: "i"
    )
    aliases: dict[str, str] = {}
    parts = split(event, lambda subject: aliases.setdefault(subject, f"p_{len(aliases)}"))
    again = join(parts.fact, parts.person, parts.content)
    assert same_as_sent(sent, again)
    assert (again.id, again.category, again.outcome) == (event.id, event.category, event.outcome)
    assert split(again, lambda subject: aliases[subject]) == parts


@given(events)
def test_person_and_content_can_go_and_the_fact_still_reads(value: dict[str, Any]) -> None:
    sent = parse_event(json.dumps(value).encode())
    event = complete(
        sent, received_us=1_795_000_000_000_000, reported_by="client", new_id=lambda: "i"
    )
    parts = split(event, lambda subject: "p_x")
    bare = join(parts.fact, None, None)
    assert bare.operation == event.operation
    assert bare.actor.email is None
    assert bare.origin is None
    assert bare.changes is None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_named_error(raw: bytes) -> None:
    with suppress(InvalidEvent):
        assert parse_event(raw).operation


@given(json_value)
def test_free_values_never_cost_the_event(value: Any) -> None:
    raw = json.dumps({"operation": "x", "metadata": {"v": value}}).encode()
    assert parse_event(raw).operation == "x"


@given(events)
def test_splitting_what_was_sent_gives_the_same_bytes(value: dict[str, Any]) -> None:
    sent = parse_event(json.dumps(value).encode())
    now_us = 1_795_000_000_000_000
    event = complete(sent, received_us=now_us, reported_by="client", new_id=lambda: "i")
    aliases: dict[str, str] = {}

    def alias(subject: str) -> str:
        return aliases.setdefault(subject, f"p_{len(aliases)}")

    assert split_sent(sent, event.id, now_us, "client", alias) == (
        event.category,
        split(event, alias),
    )


@given(st.lists(events, max_size=4))
def test_a_batch_is_its_events_one_by_one(values: list[dict[str, Any]]) -> None:
    raws = [json.dumps(value).encode() for value in values]
    expected = [parse_event(raw) for raw in raws]
    batch = parse_batch(b"[" + b",".join(raws) + b"]", lines=False)
    assert batch is None or batch == expected
    assert parse_batch(b"\n".join(raws), lines=True) == batch
