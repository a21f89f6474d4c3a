"""Edits by term: the text changes where it was clicked, and quotes survive."""

from __future__ import annotations

import pytest

from indelible.errors import InvalidRequest
from indelible.server.query.described import describe
from indelible.server.query.edit import edit_text
from indelible.server.query.fields import ABOUT, COUNTED
from indelible.server.query.filters import FAMILIES
from indelible.server.query.parse import parse_text


@pytest.mark.parametrize(
    ("text", "edits", "want"),
    [
        ("", {"and": "ana"}, "ana"),
        ("a OR b", {"and": 'actor:"x y"'}, '(a OR b) actor:"x y"'),
        ("a b", {"remove": "0-1"}, "b"),
        ("a", {"remove": "0-1"}, ""),
        ("a (b OR c) d", {"remove": "2-10"}, "a d"),
        ("a (b OR c)", {"remove": "3-4"}, "a c"),
        ("a -b", {"remove": "2-4"}, "a"),
        ("a -b", {"replace": "2-4", "with": "NOT c"}, "a -c"),
        ("operation:(A OR B OR C)", {"remove": "16-17"}, "operation:(A OR C)"),
        ("operation:(A OR B)", {"remove": "11-12"}, "operation:B"),
        (
            "operation:(A OR B)",
            {"replace": "11-12", "with": "actor:x"},
            "actor:x OR operation:B",
        ),
        ("-(a OR b)", {"remove": "2-3"}, "-b"),
        ("x operation:A", {"only": 'operation:"B"'}, 'x operation:"B"'),
        ("x operation:(A OR B) -operation:C", {"only": "operation:D"}, "x operation:D"),
        ("operation:A OR actor:b", {"only": "operation:D"}, "(operation:A OR actor:b) operation:D"),
    ],
)
def test_edits(text: str, edits: dict[str, str], want: str) -> None:
    assert edit_text(text, edits) == want


@pytest.mark.parametrize(
    "edits",
    [{"remove": "0-2"}, {"remove": "x"}, {"remove": "٣-٤"}, {"remove": "-"}, {"and": "foo:x"}],
)
def test_wrong_edits_are_refused(edits: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        edit_text("a b", edits)


def test_a_query_described() -> None:
    text = 'operation:AssignRole OR -status:2xx "two words"'
    said = describe(text)
    assert said.error is None
    assert said.canonical == text
    assert [chip.text for chip in said.chips] == [
        "operation:AssignRole", "-status:2xx", '"two words"',
    ]  # fmt: skip
    assert [(chip.field, chip.value, chip.quoted, chip.negated) for chip in said.chips] == [
        ("operation", "AssignRole", False, False),
        ("status", "2xx", False, True),
        (None, "two words", True, False),
    ]
    assert said.tree is not None
    assert (said.tree["type"], said.tree["nodes"][1]["type"]) == ("or", "and")
    negated = describe("-(a OR b)").tree
    assert negated is not None
    assert (negated["type"], negated["node"]["type"]) == ("not", "or")
    assert (negated["node"]["start"], negated["node"]["end"]) == (1, 9)


def test_an_error_described() -> None:
    said = describe("ana oprtaion:x")
    assert said.error is not None
    assert (said.error.position, said.error.end) == (4, 12)
    assert said.error.hint == "did you mean operation?"
    assert (said.tree, said.chips) == (None, [])


def test_every_field_is_described_and_every_count_has_a_term() -> None:
    assert set(ABOUT) == set(FAMILIES)
    values = {
        "status": "404", "status_class": "4xx", "outcome": "denied", "kind": "user",
        "severity": "info", "state": "failed", "ip": "10.0.0.1",
    }  # fmt: skip
    for name, counted in COUNTED.items():
        value = values.get(name, 'x "y"')
        for negated in (False, True):
            for one in (value, None):
                term = counted.include(one, negated=negated)
                assert term is None or parse_text(term) is not None
