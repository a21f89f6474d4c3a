"""Who is looked for, and where: whole values in any spelling, and nothing else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.errors import InvalidRequest
from indelible.server.retention.subject import Identifier, Matcher, read_identifier

EMAIL = Identifier("email", "ana@example.com")


@pytest.mark.parametrize(
    ("identifier", "text", "found"),
    [
        (EMAIL, "ana@example.com", True),
        (EMAIL, "Ana@Example.COM", True),
        (EMAIL, "mailto:ana@example.com.", True),
        (EMAIL, "/people/ana%40example.com/roles", True),
        (EMAIL, "/people%2Fana%40example.com", True),
        (EMAIL, "Ana <ana@example.com>, Bob", True),
        (EMAIL, "diana@example.com", False),
        (EMAIL, "ana@example.com.evil.test", False),
        (EMAIL, "x.ana@example.com", False),
        (EMAIL, "ana@example.community", False),
        (Identifier("id", "u_88"), "u_88", True),
        (Identifier("id", "u_88"), "/users/u_88/roles", True),
        (Identifier("id", "u_88"), "u_8841", False),
        (Identifier("id", "u_88"), "U_88", False),
        (Identifier("id", "4711"), "4711", True),
        (Identifier("id", "4711"), "24711", False),
        (Identifier("address", "203.0.113.7"), "from 203.0.113.7:443", True),
        (Identifier("address", "203.0.113.7"), "ip:203.0.113.7", True),
        (Identifier("address", "203.0.113.7"), "::ffff:203.0.113.7", True),
        (Identifier("address", "203.0.113.7"), "from 203.0.113.7", True),
        (Identifier("address", "203.0.113.7"), "203.0.113.77", False),
        (Identifier("address", "203.0.113.7"), "1203.0.113.7", False),
        (Identifier("address", "2001:db8::1"), "2001:DB8::1", True),
        (Identifier("address", "2001:db8::1"), "2001:db8::12", False),
        (Identifier("address", "2001:db8::1"), "at 2001:0DB8:0:0:0:0:0:1.", True),
        (Identifier("address", "2001:db8::1"), "[2001:0db8:0000::0001]:443", True),
        (Identifier("address", "2001:db8::1"), "/from/2001%3Adb8%3A%3A1/", True),
        (Identifier("address", "2001:db8::1"), "12001:db8::1", False),
        (Identifier("address", "::1"), "0:0:0:0:0:0:0:1", True),
        (Identifier("name", "Zoë Müller"), "Zoe\u0308 Mu\u0308ller", True),
        (Identifier("name", "Zoe\u0308 Mu\u0308ller"), "Zoë Müller", True),
        (Identifier("name", "Ana Lee"), "ana lee signed", True),
        (Identifier("name", "Ana Lee"), "Ana Leeds", False),
        (Identifier("name", "Jörg ÄRMEL"), "für jörg ärmel", True),
        (Identifier("name", 'A "B" \\C'), 'hello A "B" \\C', True),
    ],
)
def test_whole_values_in_every_spelling(identifier: Identifier, text: str, found: bool) -> None:
    matcher = Matcher([identifier])
    raw = b"\x00\x00\x80\xe2" + msgspec.json.encode({"reason": text})
    assert matcher.matches(text) is found
    # What looks quickly may say yes too often, and never no where a value stands.
    assert matcher.may_be_in(raw) or not found
    assert matcher.paths(raw[4:]) == (("reason",) if found else ())


def test_places_are_told_by_their_path() -> None:
    raw = msgspec.json.encode(
        {
            "changes": [{"path": "owner", "before": "bob", "after": "ana@example.com"}],
            "metadata": {"ana@example.com": {"n": 4711}, "list": ["x", "to ana@example.com"]},
        }
    )
    found = Matcher([EMAIL, Identifier("id", "4711")]).paths(raw)
    assert Matcher([EMAIL]).paths(b'{"cut": "ana@example.com') == ("?",)
    assert found == (
        "changes.0.after",
        "metadata.ana@example.com",
        "metadata.ana@example.com.n",
        "metadata.list.1",
    )


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=2, max_size=30),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.text(st.characters(codec="utf-8"), max_size=30),
)
def test_the_quick_look_never_misses(value: str, before: str, after: str) -> None:
    for kind in ("id", "name"):
        matcher = Matcher([Identifier(kind, value)])  # type: ignore[arg-type]
        text = f"{before} {value} {after}"
        raw = msgspec.json.encode({"reason": text})
        if matcher.matches(text):
            assert matcher.may_be_in(raw)
            assert matcher.paths(raw) == ("reason",)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "ana"), ("email", ""), ("address", "300.1.1.1"), ("address", "10.0.0.0/8"),
        ("id", "x"), ("name", " "), ("name", "a\x00b"), ("name", "x" * 257), ("alias", "p_1"),
    ],
)  # fmt: skip
def test_what_is_no_identifier(kind: str, value: str) -> None:
    with pytest.raises(InvalidRequest):
        read_identifier(kind, value)


def test_identifiers_come_in_one_spelling() -> None:
    assert read_identifier("email", " ana@example.com ") == EMAIL
    assert read_identifier("address", "2001:DB8:0::1") == Identifier("address", "2001:db8::1")
