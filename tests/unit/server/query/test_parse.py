"""The query text: what it means, and that nothing misunderstood is searched for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.errors import InvalidRequest
from indelible.server.query.filters import FAMILIES
from indelible.server.query.parse import MAX_TERMS, MAX_TEXT, parse_text
from indelible.server.query.tree import Field, Term, Word


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", []),
        ("   ", []),
        ("ana", [Word("ana")]),
        ("ana 10.0.0.1", [Word("ana"), Word("10.0.0.1", position=4)]),
        ('"two words"', [Word("two words")]),
        (r'"a \"quote\" and \\"', [Word('a "quote" and \\')]),
        (r'"C:\temp"', [Word(r"C:\temp")]),
        ("-ana", [Word("ana", True)]),
        ('-"two words"', [Word("two words", True)]),
        ("actor:ana", [Field("actor", "ana", position=6)]),
        ("ACTOR:Ana", [Field("actor", "Ana", position=6)]),
        ('-actor:"Ana Lee"', [Field("actor", "Ana Lee", True, True, 7)]),
        ("status:>=400", [Field("status", ">=400", position=7)]),
        ("endpoint:/a:b", [Field("endpoint", "/a:b", position=9)]),
        ("12:30", [Word("12:30")]),
        ("2001:db8::1", [Word("2001:db8::1")]),
        ("fe80::1", [Word("fe80::1")]),
        ("ab::cd", [Word("ab::cd")]),
        ("https://example.com/x", [Word("https://example.com/x")]),
        ("ana*", [Word("ana")]),
        ("a(b)", [Word("a(b)")]),
        ("or and not", [Word("or"), Word("and", position=3), Word("not", position=7)]),
        ("-5", [Word("5", True)]),
        ("東京\u3000都", [Word("東京"), Word("都", position=3)]),
    ],
)
def test_success(text: str, want: list[Term]) -> None:
    assert list(parse_text(text)) == want


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("ana -", 5, "a word"),
        ("- ana", 1, "a word"),
        ('"open', 0, 'a closing "'),
        ('ana "open', 4, 'a closing "'),
        ('""', 0, "text between"),
        ('actor:""', 6, "text between"),
        ("actor:", 6, "a value"),
        ("ana actor: x", 10, "a value"),
        ("foo:bar", 0, "one of actor, category"),
        ("ana -foo:bar", 5, "one of actor, category"),
        ('ana"b"', 3, "a space"),
        ('"a""b"', 3, "a space"),
        ("a OR b", 2, "a word"),
        ("NOT a", 0, "a word"),
        ("(a b)", 0, "a word"),
        ("a*b", 1, "a word without"),
        ("*", 0, "a word without"),
        ("status:abc", 7, "a number"),
        ("status:>x", 7, "a number"),
        ("-status:4000", 8, "a number"),
        ("outcome:won", 8, "one of success"),
        ("kind:robot", 5, "one of user"),
        ("id:17", 3, "a UUID"),
        ("index:x", 6, "a number"),
    ],
)
def test_failure(text: str, position: int, expected: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_text(text)
    assert refused.value.parameter == "q"
    assert refused.value.position == position
    assert expected in (refused.value.expected or "")
    assert refused.value.code == "bad-query"


def test_limits() -> None:
    assert len(parse_text("a " * MAX_TERMS)) == MAX_TERMS
    for text in ("a " * (MAX_TERMS + 1), "a" * (MAX_TEXT + 1)):
        with pytest.raises(InvalidRequest):
            parse_text(text)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_within_it(text: str) -> None:
    refused: InvalidRequest | None = None
    terms: tuple[Term, ...] = ()
    try:
        terms = parse_text(text)
    except InvalidRequest as error:
        refused = error
    if refused is not None:
        assert refused.position is not None
        assert 0 <= refused.position <= len(text)
        assert refused.expected
    else:
        assert all(term.text if isinstance(term, Word) else term.value for term in terms)
        assert bool(terms) == bool(text.strip())


@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_searched_for_in_quotes(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse_text(quoted) == (Word(text),)
    assert parse_text(f"actor:{quoted}") == (Field("actor", text, True, position=6),)


def test_the_fields_of_the_language() -> None:
    assert sorted(FAMILIES) == [
        "actor", "category", "change", "device", "endpoint", "id", "index", "ip", "job", "kind",
        "method", "operation", "outcome", "request", "session", "source", "status", "target",
    ]  # fmt: skip
