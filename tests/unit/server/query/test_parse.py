"""The query text: what it means, and that nothing misunderstood is searched for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any as AnyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.errors import InvalidRequest
from indelible.server.query.filters import FAMILIES, LIKELY
from indelible.server.query.filters.presence import PRESENT
from indelible.server.query.parse import MAX_DEPTH, MAX_TERMS, MAX_TEXT, parse_text
from indelible.server.query.printer import field_term, plain, print_tree, quote
from indelible.server.query.tree import All, Any, Field, Node, Not, Word, terms

TEXTS = Path(__file__).parents[4] / "web" / "src" / "text"
WORDS = [(TEXTS / language / "mistakes.ts").read_text("utf-8") for language in ("en", "de")]


def word(text: str, **rest: AnyType) -> Word:
    return Word(text=text, **rest)


def field(name: str, value: str, **rest: AnyType) -> Field:
    return Field(name=name, value=value, **rest)


def both(*nodes: Node, **rest: AnyType) -> All:
    return All(nodes=nodes, **rest)


def either(*nodes: Node, **rest: AnyType) -> Any:
    return Any(nodes=nodes, **rest)


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", None),
        ("   ", None),
        ("ana", word("ana")),
        ("ana 10.0.0.1", both(word("ana"), word("10.0.0.1"))),
        ('"two words"', word("two words", quoted=True)),
        (r'"a \"quote\" and \\"', word('a "quote" and \\', quoted=True)),
        (r'"C:\temp"', word(r"C:\temp", quoted=True)),
        ("-ana", word("ana", negated=True)),
        ("NOT ana", word("ana", negated=True)),
        ("actor:ana", field("actor", "ana")),
        ("ACTOR:Ana", field("actor", "Ana")),
        ('-actor:"Ana Lee"', field("actor", "Ana Lee", quoted=True, negated=True)),
        ("status:>=400", field("status", ">=400")),
        ("endpoint:/a:b", field("endpoint", "/a:b")),
        ("source:svc:auth", field("source", "svc:auth")),
        ("operation:OR", field("operation", "OR")),
        ("target:-5", field("target", "-5")),
        ("12:30", word("12:30")),
        ("2001:db8::1", word("2001:db8::1")),
        ("ab::cd", word("ab::cd")),
        ("https://example.com/x", word("https://example.com/x")),
        ("ana*", word("ana*")),
        ("a*b", word("a*b")),
        ("a(b)", word("a(b)")),
        ("or and not", both(word("or"), word("and"), word("not"))),
        ("東京\u3000都", both(word("東京"), word("都"))),
        ("a AND b", both(A, B)),
        ("a OR b", either(A, B)),
        ("a b OR c", either(both(A, B), C)),
        ("a (b OR c)", both(A, either(B, C))),
        ("(a b) c", both(A, B, C)),
        ("a OR (b OR c)", either(A, B, C)),
        ("((a))", A),
        ("-(a OR b)", Not(node=either(A, B))),
        ("-(-(a OR b))", either(A, B)),
        ("NOT (NOT ana)", word("ana")),
        (
            "operation:(A OR B*)",
            either(field("operation", "A"), field("operation", "B*"), field="operation"),
        ),
        ("operation:(A)", field("operation", "A")),
        (
            "status:(NOT 2xx 4xx)",
            both(field("status", "2xx", negated=True), field("status", "4xx"), field="status"),
        ),
    ],
)
def test_success(text: str, want: Node | None) -> None:
    assert plain(parse_text(text)) == want


@pytest.mark.parametrize(
    ("text", "position", "end", "expected"),
    [
        ("ana -", 4, 5, "a word"),
        ("- ana", 0, 1, "a word"),
        ("--ana", 0, 2, "one of them"),
        ('"open', 0, 5, 'a closing "'),
        ('ana "open', 4, 9, 'a closing "'),
        ('""', 0, 2, "text between"),
        ('actor:""', 6, 8, "text between"),
        ("actor:", 6, 6, "a value"),
        ("ana actor: x", 10, 10, "a value"),
        ("actor:)", 6, 6, "a value"),
        ("foo:bar", 0, 3, "one of actor, after"),
        ("ana -foo:bar", 5, 8, "one of actor, after"),
        ('ana"b"', 3, 3, "a space"),
        ('"a""b"', 3, 3, "a space"),
        ("(a)(b)", 3, 3, "a space"),
        ("OR a", 0, 2, "a word"),
        ("a OR", 2, 4, "a word"),
        ("a OR OR b", 5, 7, "a word"),
        ("NOT", 0, 3, "a word"),
        ("(a b", 0, 1, "a closing )"),
        ("a b)", 3, 4, "a word"),
        ("a ()", 2, 4, "a word"),
        ("operation:(a actor:b)", 13, 19, "a value of operation"),
        ("*", 0, 1, "a word"),
        ("status:abc", 7, 10, "a number"),
        ("status:>x", 7, 9, "a number"),
        ("-status:4000", 8, 12, "a number"),
        ("status:500..400", 7, 15, "a number"),
        ("outcome:won", 8, 11, "one of success"),
        ("kind:(user OR robot)", 14, 19, "one of user"),
        ("id:17", 3, 5, "a UUID"),
        ("index:x", 6, 7, "a number"),
        ("index:20..10", 6, 12, "a number"),
        ("duration:5x", 9, 11, "a duration"),
        ("ip:10.0.0.0/33", 3, 14, "an address"),
        ("ip:10.0.", 3, 8, "an address"),
        ("has:everything", 4, 14, "one of actor"),
    ],
)
def test_failure(text: str, position: int, end: int, expected: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_text(text)
    assert refused.value.parameter == "q"
    assert (refused.value.position, refused.value.end) == (position, end)
    assert expected in (refused.value.expected or "")
    assert refused.value.code == "bad-query"
    # The screen has words of its own for it, in each language, and what they need is there.
    assert refused.value.mistake is not None
    kind, values = refused.value.mistake
    for words in WORDS:
        told = re.search(rf'"{kind}": \(v?\) => \(\{{(.*?)\}}\)', words, re.DOTALL)
        assert told is not None, kind
        assert set(re.findall(r"v\.(\w+)", told[1])) <= set(values), kind


@pytest.mark.parametrize(
    ("text", "hint"),
    [("oprtaion:x", "operation?"), ("email:x", "actor?"), ("zzzzqq:x", "quotes")],
)
def test_the_nearest_name_is_offered(text: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_text(text)
    assert hint in (refused.value.hint or "")


def test_limits() -> None:
    assert len(list(terms(parse_text("a " * MAX_TERMS)))) == MAX_TERMS
    assert parse_text("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) is not None
    deep = MAX_DEPTH + 1
    for text in ("a " * (MAX_TERMS + 1), "a" * (MAX_TEXT + 1), "(" * deep + "a" + ")" * deep):
        with pytest.raises(InvalidRequest):
            parse_text(text)


@given(st.text(max_size=60) | st.text('ab()-"*: ORANDTopeti\\n.', max_size=40))
def test_any_text_is_understood_or_refused_within_it(text: str) -> None:
    refused: InvalidRequest | None = None
    tree: Node | None = None
    try:
        tree = parse_text(text)
    except InvalidRequest as error:
        refused = error
    if refused is not None:
        assert 0 <= (refused.position or 0) <= (refused.end or 0) <= len(text)
        assert None not in (refused.position, refused.end)
        assert refused.expected
        return
    assert (tree is None) == (not text.strip())
    for term in terms(tree):
        assert term.text if isinstance(term, Word) else term.value
        assert 0 <= term.start <= term.at < term.end <= len(text)
    assert plain(parse_text(print_tree(tree))) == plain(tree)


@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_searched_for_in_quotes(text: str) -> None:
    assert plain(parse_text(quote(text))) == word(text, quoted=True)
    want = field("actor", text, quoted=True, negated=True)
    assert plain(parse_text(field_term("actor", text, negated=True))) == want


_QUOTED = st.builds(
    lambda text, negated: word(text, quoted=True, negated=negated),
    st.text(min_size=1, max_size=8),
    st.booleans(),
)
_BARE = st.builds(
    lambda text, negated: word(text, negated=negated),
    st.sampled_from(["a", "x*y", "10.0.0.1", "f(x)", "or", "é", "https://x"]),
    st.booleans(),
)
_FIELDS = st.builds(
    lambda pair, negated: field(*pair, negated=negated),
    st.sampled_from(
        [
            ("actor", "ana"), ("status", ">=400"), ("status", "4xx"), ("ip", "10.0.0.0/8"),
            ("index", "1..20"), ("has", "changes"), ("target.type", "group*"), ("job", "-1"),
        ]
    ),
    st.booleans(),
)  # fmt: skip


def _grouped(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    made = several.map(lambda nodes: both(*nodes)) | several.map(lambda nodes: either(*nodes))
    return made | made.map(lambda group: Not(node=group))


_OF_ONE_FIELD = st.lists(
    st.builds(
        lambda text, negated: field("operation", text, negated=negated),
        st.sampled_from(["A", "B*", "a:b"]).filter(lambda text: ":" not in text),
        st.booleans(),
    ),
    min_size=2,
    max_size=3,
).map(lambda nodes: either(*nodes, field="operation"))
_TREES: st.SearchStrategy[Node] = st.recursive(
    _QUOTED | _BARE | _FIELDS | _OF_ONE_FIELD, _grouped, max_leaves=8
)


@given(_TREES)
def test_what_is_printed_parses_to_the_same(tree: Node) -> None:
    text = print_tree(tree)
    again = parse_text(text)
    # Groups of one kind inside each other become one; printing that changes nothing any more.
    assert print_tree(again) == print_tree(parse_text(print_tree(again)))
    assert list(map(plain, terms(again))) == list(map(plain, terms(tree)))
    assert plain(parse_text(print_tree(again))) == plain(again)


def test_the_fields_of_the_language() -> None:
    assert sorted(FAMILIES) == [
        "actor", "after", "agent", "attempt", "before", "behalf", "by", "category", "change",
        "change.path", "device", "duration", "endpoint", "first", "has", "id", "index",
        "ip", "job", "kind",
        "method", "operation", "outcome", "queue", "reason", "request", "route", "session",
        "severity",
        "source", "state", "status", "target", "target.id", "target.name", "target.type", "trace",
        "worker",
    ]  # fmt: skip
    assert set(LIKELY.values()) <= set(FAMILIES)
    assert not set(LIKELY) & set(FAMILIES)
    assert all(parse_text(f"has:{name}") for name in PRESENT)
