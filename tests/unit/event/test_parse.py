"""Reading one event: what is taken, what is mended and marked, what is refused and how."""

import json

import pytest

from indelible.errors import InvalidEvent
from indelible.event import MAX_EVENT_BYTES, complete, parse_event
from indelible.event.parse import parse_batch

NOW_US = 1_795_000_000_000_000


def refused(raw: bytes) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        parse_event(raw)
    return caught.value


def altered(raw: bytes) -> list[str]:
    context = parse_event(raw).context
    assert context is not None
    assert context.altered is not None
    return context.altered


def test_only_the_operation_is_required() -> None:
    assert parse_event(b'{"operation":"AssignRole"}').operation == "AssignRole"


def test_null_is_the_same_as_absent() -> None:
    sent = parse_event(b'{"operation":"x","actor":null,"status":null,"job":null}')
    assert sent == parse_event(b'{"operation":"x"}')


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        (b'{"operation":"x","foo":1}', "foo", "unknown key"),
        (b'{"operation":"x","actor":{"mail":1}}', "actor.mail", "unknown key"),
        (b'{"operation":"x","targets":[{"kind":"a"}]}', "targets[0].kind", "unknown key"),
        (b'{"operation":"x","status":"200"}', "status", "expected int | null, got string"),
        (b'{"operation":"x","status":true}', "status", "expected int | null, got bool"),
        (b'{"operation":"x","stream":"people"}', "stream", "invalid enum value 'people'"),
        (b'{"operation":"x","id":"7"}', "id", "expected string of length >= 32"),
        (b'{"operation":"x","id":"' + b"z" * 36 + b'"}', "id", "expected a UUID"),
        (b"[]", "", "expected an object, got an array"),
        (b"{}", "", "object missing required field operation"),
    ],
)
def test_the_senders_mistakes_name_path_and_reason(raw: bytes, path: str, reason: str) -> None:
    error = refused(raw)
    assert (error.path, error.reason) == (path, reason)


def test_a_time_without_a_zone_is_refused() -> None:
    assert refused(b'{"operation":"x","occurred_at":"2026-01-01T00:00:00"}').path == "occurred_at"


def test_bytes_that_are_no_json_are_refused() -> None:
    assert refused(b'{"operation":').reason.startswith("not JSON")


def test_unknown_keys_inside_metadata_are_free() -> None:
    assert parse_event(b'{"operation":"x","metadata":{"any":{"thing":[1]}}}').metadata == {
        "any": {"thing": [1]}
    }


@pytest.mark.parametrize(
    ("raw", "mark"),
    [
        (
            b'{"operation":"' + b"x" * 300 + b'"}',
            "operation: cut from 300 to 200 characters",
        ),
        (
            b'{"operation":"x","origin":{"user_agent":"' + b"u" * 5000 + b'"}}',
            "origin.user_agent: cut from 5000 to 4000 characters",
        ),
        (
            b'{"operation":"x","metadata":{"a":NaN}}',
            "metadata.a: not a finite number, replaced by null",
        ),
        (b'{"operation":"x","reason":"\\ud800"}', "reason: lone surrogate, replaced"),
        (b'{"operation":"x","reason":"\xff"}', "(event): bytes that are not UTF-8, replaced"),
        (
            b'{"operation":"x","origin":{"ip":"unknown"}}',
            "origin.ip: not an address, kept as device_id",
        ),
        (
            b'{"operation":"x","metadata":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}",
            "(event): nested deeper than 32, cut",
        ),
        (
            json.dumps(
                {"operation": "x", "targets": [{"id": str(n)} for n in range(150)]}
            ).encode(),
            "targets: cut from 150 to 100 items",
        ),
        (
            b'{"operation":"x","metadata":{"a":"' + b"x" * 300_000 + b'"}}',
            "metadata.a: cut from 300000 to 16384 characters",
        ),
    ],
)
def test_ill_formed_values_are_mended_and_marked(raw: bytes, mark: str) -> None:
    assert altered(raw) == [mark]


def nested(levels: int) -> bytes:
    """An event that is nested `levels` deep, itself counted."""
    inner = levels - 2
    return b'{"operation":"x","metadata":{"a":' + b"[" * inner + b"]" * inner + b"}}"


@pytest.mark.parametrize("levels", [33, 100, 900, 5000])
def test_how_deep_an_event_may_nest_does_not_depend_on_the_interpreter(levels: int) -> None:
    assert altered(nested(levels)) == ["(event): nested deeper than 32, cut"]
    assert parse_batch(b"[" + nested(levels) + b"]", lines=False) is None
    assert parse_batch(nested(levels), lines=True) is None


def test_thirty_two_levels_stay_as_they_are() -> None:
    change = b'{"path":"a","after":' + b"[" * 29 + b"]" * 29 + b"}"
    change_event = b'{"operation":"x","changes":[' + change + b"]}"
    for raw in (nested(32), change_event):
        assert parse_event(raw).context is None
        assert parse_batch(b"[" + raw + b"]", lines=False) == [parse_event(raw)]
    deeper = change_event.replace(b"[]", b"[[]]")
    assert altered(deeper) == ["(event): nested deeper than 32, cut"]
    assert parse_batch(deeper, lines=True) is None


def test_an_address_that_is_none_is_not_lost() -> None:
    sent = parse_event(b'{"operation":"x","origin":{"ip":"dev-7KQ2"}}')
    assert sent.origin is not None
    assert (sent.origin.ip, sent.origin.device_id) == (None, "dev-7KQ2")


def test_an_event_over_the_limit_keeps_all_but_its_free_data() -> None:
    metadata = {f"k{n}": "x" * 1000 for n in range(400)}
    raw = json.dumps({"operation": "x", "reason": "why", "metadata": metadata}).encode()
    assert len(raw) > MAX_EVENT_BYTES
    sent = parse_event(raw)
    assert sent.reason == "why"
    assert sent.metadata == {}
    assert altered(raw)[0].startswith("metadata: left out")


def test_marks_are_added_to_those_of_the_sender() -> None:
    raw = b'{"operation":"x","reason":"\\udfff","context":{"altered":["cut by the SDK"]}}'
    assert altered(raw) == ["cut by the SDK", "reason: lone surrogate, replaced"]


def test_the_last_of_duplicate_names_wins() -> None:
    assert parse_event(b'{"operation":"a","operation":"b"}').operation == "b"


def test_ids_are_written_in_one_form() -> None:
    sent = parse_event(b'{"operation":"x","id":"{0193AAAA-0000-7000-8000-00000000ABCD}"}')
    assert sent.id == "0193aaaa-0000-7000-8000-00000000abcd"


def test_defaults_are_filled_in() -> None:
    event = complete(
        parse_event(b'{"operation":"AssignRole","status":403}'),
        received_us=NOW_US,
        reported_by="client",
        new_id=lambda: "new-id",
    )
    assert event.id == "new-id"
    assert (event.stream, event.category, event.outcome) == ("user", "access", "denied")
    assert event.occurred_us == event.received_us == NOW_US
    assert event.actor.kind == "anonymous"
    assert not event.late


def test_another_offset_is_the_same_moment() -> None:
    event = complete(
        parse_event(b'{"operation":"x","occurred_at":"2026-11-22T11:15:04.5+02:00"}'),
        received_us=NOW_US,
        reported_by="client",
        new_id=str,
    )
    assert event.occurred_at.isoformat() == "2026-11-22T09:15:04.500000+00:00"


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"])
@pytest.mark.parametrize("shape", ['"occurred_at":"%s"', '"job":{"scheduled_for":"%s"}'])
def test_a_time_outside_the_years_in_utc_is_refused(time: str, shape: str) -> None:
    """Stored, it could not be read back."""
    with pytest.raises(InvalidEvent, match="outside the years 1 to 9999"):
        complete(
            parse_event(('{"operation":"x",' + shape % time + "}").encode()),
            received_us=0,
            reported_by="client",
            new_id=lambda: "0193aaaa-0000-7000-8000-00000000abcd",
        )


def test_what_has_too_many_parts_is_left_out_before_it_is_decoded() -> None:
    lists = b"[" + b"[]," * 300_000 + b"[]]"
    assert altered(b'{"operation":"x","metadata":{"a":' + lists + b"}}") == [
        f"metadata: left out, {len(lists) + 6} bytes are too many"
    ]
    assert altered(b'{"operation":"x","targets":' + lists + b"}")[0].startswith("targets: left out")
    with pytest.raises(InvalidEvent, match="nope: unknown key"):
        parse_event(b'{"nope":1,"operation":' + lists + b"}")
    with pytest.raises(InvalidEvent, match="operation: expected string"):
        parse_event(b'{"operation":' + lists + b"}")
    with pytest.raises(InvalidEvent, match="more than 300000 values"):
        parse_event(b'{"operation":"x","metadata":[NaN,' + lists + b"]}")


def test_numbers_that_are_too_long_to_convert_stay_text() -> None:
    sent = parse_event(b'{"operation":"x","metadata":{"n":' + b"9" * 5000 + b"}}")
    assert sent.metadata == {"n": "9" * 5000}
    assert sent.context is not None
    assert sent.context.altered == ["(event): a number of 5000 digits, kept as text"]
