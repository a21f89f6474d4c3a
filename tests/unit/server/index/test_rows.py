"""Rows of the index: what is kept, what is searched, what is counted."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.event import complete, event_to_json, parse_event, split
from indelible.server.index import schema as table
from indelible.server.index.batch import VALUE_NAMES, WEEK, Columns, known_stream, values_stream
from indelible.server.index.folding import AFTER, BREAK, TARGET, TARGET_NAME, fold, join_pieces
from indelible.server.index.rows import row_of, stub_row
from indelible.server.index.shown import Row, row_to_json
from indelible.server.index.text import changes_text, leaves

MARKS = "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11"
AT_US = 1_795_428_000_000_000


class Entry(msgspec.Struct, frozen=True):
    index: int
    leaf_type: int
    parts: int
    day: int
    fact: bytes | None
    person: bytes | None
    content: bytes | None
    leaf_hash: bytes


def entry_of(sent: dict[str, Any], index: int = 5) -> tuple[Entry, dict[str, Any]]:
    event = complete(
        parse_event(msgspec.json.encode(sent)),
        received_us=AT_US,
        reported_by="client",
        new_id=lambda: str(uuid.UUID(int=7)),
    )
    parts = split(event, lambda subject: "alias-" + str(len(subject)))
    bits = 1 | (2 if parts.person else 0) | (4 if parts.content else 0)
    leaf_hash = bytes(range(32))
    entry = Entry(
        index, 1, bits, AT_US // 86_400_000_000, parts.fact, parts.person, parts.content, leaf_hash
    )
    return entry, event_to_json(event, index=index, leaf_hash=leaf_hash)


def named(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(table.COLUMNS, row, strict=True))


def read_back(row: tuple[Any, ...]) -> dict[str, Any]:
    """As the engine gives a row back, in JSON."""
    columns = named(row)
    columns["leaf"] = columns.pop("leaf_hash").hex()
    data = msgspec.json.encode({name: columns[name] for name in Row.__struct_fields__})
    return row_to_json(msgspec.json.decode(data, type=Row))


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_MAYBE = st.none() | _TEXT
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
_SENT = st.fixed_dictionaries(
    {"operation": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)},
    optional={
        "stream": st.sampled_from(["user", "system", "task"]),
        "category": _TEXT,
        "method": _MAYBE,
        "endpoint": st.none()
        | st.sampled_from(["/a/17/b", "/{id}", "/a?x=1", "/u/k@x.org"])
        | _TEXT,
        "status": st.none() | st.integers(0, 999),
        "severity": st.sampled_from([None, "info", "critical"]),
        "reason": _MAYBE,
        "metadata": st.dictionaries(_TEXT, _JSON, max_size=2),
        "actor": st.fixed_dictionaries(
            {},
            optional={
                "id": _MAYBE | st.just("a@example.com"),
                "email": _MAYBE,
                "name": _MAYBE,
                "on_behalf_of": st.none()
                | st.fixed_dictionaries({}, optional={"id": _MAYBE, "name": _MAYBE}),
            },
        ),
        "origin": st.none()
        | st.fixed_dictionaries({}, optional={"ip": st.just("10.0.0.1"), "device_id": _MAYBE}),
        "targets": st.lists(
            st.fixed_dictionaries(
                {}, optional={"type": _MAYBE, "id": _MAYBE | st.just("b@x.org"), "name": _MAYBE}
            ),
            max_size=2,
        ),
        "changes": st.lists(
            st.fixed_dictionaries({"path": _TEXT}, optional={"before": _JSON, "after": _JSON}),
            max_size=2,
        ),
        "context": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "request_id": _MAYBE,
                "session_id": _MAYBE,
                "source": _MAYBE,
                "source_version": _MAYBE,
                "source_seq": st.none() | st.integers(0, 9),
            },
        ),
        "job": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "id": _MAYBE,
                "root_id": _MAYBE,
                "state": st.sampled_from(["queued", "failed"]),
                "scheduled_for": st.just("2026-11-23T10:00:00Z"),
                "duration_ms": st.integers(0, 9),
            },
        ),
    },
)


@given(_SENT)
def test_a_row_reads_back_as_the_event(sent: dict[str, Any]) -> None:
    entry, want = entry_of(sent)
    assert read_back(row_of(1, entry)) == want


@given(_SENT)
def test_marks_stand_only_where_pieces_begin(sent: dict[str, Any]) -> None:
    entry, _ = entry_of(sent)
    text = named(row_of(1, entry))["text"]
    for piece in text.split(BREAK)[1:-1]:
        assert piece[0] in MARKS
        assert not set(piece[1:]) & set(MARKS)


def test_what_has_many_values_is_searched_as_text() -> None:
    entry, _ = entry_of(
        {
            "operation": "Share",
            "endpoint": "/groups/17",
            "targets": [{"type": "Profile", "id": "p_12", "name": "Straße"}],
            "changes": [{"path": "Visibility", "before": None, "after": ["Team", 3, True]}],
            "context": {"request_id": "Req-1", "session_id": "s-1"},
        }
    )
    row = named(row_of(1, entry))
    assert row["endpoint"] == "/groups/{id}"
    assert row["endpoint_sent"] == "/groups/17"
    assert f"{BREAK}{TARGET}p_12{BREAK}" in row["text"]
    assert f"{BREAK}{TARGET_NAME}strasse{BREAK}" in row["text"]
    assert f"{BREAK}{AFTER}true{BREAK}" in row["text"]
    assert (row["target_types"], row["target_ids"]) == (("Profile",), ("p_12",))
    assert row["change_paths"] == ("Visibility",)
    assert "req-1" in row["text"]
    assert "s-1" not in row["text"]  # folds to itself: its own column is enough
    assert row["changes"] == 'Visibility: null → ["Team",3,true]'


def test_a_stub_keeps_place_and_hash() -> None:
    entry, _ = entry_of({"operation": "x"})
    shown = read_back(stub_row(1, entry))
    assert (shown["index"], shown["leaf_hash"]) == (5, bytes(range(32)).hex())
    assert shown["id"] is None
    assert set(shown["state"].values()) == {"unreadable"}
    assert len(stub_row(1, entry)) == len(table.COLUMNS)


def test_removed_parts_leave_blanks_and_say_so() -> None:
    entry, _ = entry_of({"operation": "x", "reason": "why", "actor": {"email": "a@example.com"}})
    shown = read_back(row_of(1, msgspec.structs.replace(entry, person=None)))
    assert shown["actor"]["email"] is None
    assert shown["reason"] == "why"
    assert shown["state"] == {"fact": "present", "person": "missing", "content": "present"}
    shown = read_back(row_of(1, msgspec.structs.replace(entry, fact=None, person=None)))
    assert shown["state"]["fact"] == "missing"
    assert shown["operation"] == ""


@pytest.mark.parametrize("fact", [b"", b"{}", b"[]", b"\xff", b'{"id": 3}'])
def test_bytes_that_are_no_fact_are_refused(fact: bytes) -> None:
    entry, _ = entry_of({"operation": "x"})
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        row_of(1, msgspec.structs.replace(entry, fact=fact))


def table_of(data: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.ipc.open_stream(data).read_all().to_pylist()
    return rows


def test_values_are_counted_by_column_and_their_days_told() -> None:
    rows = []
    for index, at in enumerate(["2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z"] * 3):
        entry, _ = entry_of(
            {
                "operation": "AssignRole",
                "occurred_at": at,
                "status": 404,
                "actor": {"email": "ANA@example.com" if index else "ana@example.com"},
                "endpoint": "/roles/17" if index else "/roles",
                "targets": [{"type": "role", "id": "1"}, {"type": "role", "id": "2"}],
            },
            index,
        )
        rows.append(row_of(1, entry))
    columns = Columns(rows)
    found = columns.values()
    values = table_of(values_stream(1, found))
    assert set(values[0]) == set(VALUE_NAMES)
    counts = {(v["col"], v["value"]): v["count"] for v in values}
    assert counts["operation", "AssignRole"] == 6
    assert counts["status", "404"] == 6
    assert counts["target_types", "role"] == 6
    assert counts["actor_email", "ANA@example.com"] == 5
    # An endpoint with an id in it is searched as text; its template is no value.
    assert {v["value"] for v in values if v["col"] == "endpoint"} == {"/roles"}
    first, second = AT_US // 86_400_000_000 - 3, AT_US // 86_400_000_000 - 2
    assert columns.days == (first, second)
    assert columns.spans("operation", ["AssignRole"]) == {"AssignRole": (first, second | WEEK)}
    assert columns.spans("target_types", ["role"]) == {"role": (first, second | WEEK)}
    assert columns.spans("endpoint", ["/roles"]) == {"/roles": (first, first | WEEK)}
    known = table_of(known_stream(1, [("actor_email", "ANA@example.com", (first, second))]))
    assert known == [
        {"tenant": 1, "col": "actor_email", "folded": "ana@example.com",
         "value": "ANA@example.com", "first_day": first, "last_day": second}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (["0af-9", "77"], "hex"),
        (["j_0af", "K_1"], "hex+K_j"),
        (["nightly-report"], "any"),
        (["ä"], "any"),
    ],
)
def test_the_letters_of_ids_are_told(ids: list[str], kind: str) -> None:
    rows = [row_of(1, entry_of({"operation": "x", "job": {"id": one}})[0]) for one in ids]
    assert Columns(rows).kinds() == [("job_id", kind)]


def test_what_no_row_has_is_not_sent() -> None:
    entry, _ = entry_of({"operation": "AssignRole", "actor": {"id": "u1"}})
    names, data = Columns([row_of(1, entry)] * 2).events()
    sent = table_of(data)
    assert len(sent) == 2
    assert list(sent[0]) == names
    assert {"tenant", "idx", "status", "flags", "operation", "actor_id"} <= set(names)
    assert not {"gone", "job_id", "duration_ms", "attempt", "target_ids"} & set(names)


@pytest.mark.parametrize(
    ("one", "two"),
    [("ß", "SS"), ("ẞ", "ss"), ("K", "k"), ("ſ", "S"), ("Σ", "ς"), ("ﬀ", "FF"), ("É", "é")],
)
def test_folding(one: str, two: str) -> None:
    assert fold(one) == fold(two)


@given(_TEXT, _TEXT)
def test_folding_is_stable_and_joins(one: str, two: str) -> None:
    assert fold(fold(one)) == fold(one)
    assert fold(one + two) == fold(one) + fold(two)


@given(st.lists(_TEXT, max_size=4))
def test_pieces_are_kept_apart(texts: list[str]) -> None:
    joined = join_pieces([TARGET + text for text in texts], may_hold_marks=True)
    found = [piece[1:] for piece in joined.split(BREAK)[1:-1]]
    assert found == [fold(text) for text in texts]


def test_nested_values() -> None:
    assert list(leaves({"a": [1, None, {"b": "x"}], "": True, "c": 1.5})) == [
        "a", "1", "b", "x", "true", "c", "1.5",
    ]  # fmt: skip
    assert changes_text([]) == ""
