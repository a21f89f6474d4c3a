"""What is being typed at a cursor."""

from __future__ import annotations

import pytest

from indelible.server.query.complete import place_of


@pytest.mark.parametrize(
    ("text", "start", "field", "prefix"),
    [
        ("|", 0, None, ""),
        ("ana op|", 4, None, "op"),
        ("ana -op|", 4, None, "op"),
        ("operation:|", 0, "operation", ""),
        ("a operation:Ass|", 2, "operation", "Ass"),
        ("a -operation:Ass|", 2, "operation", "Ass"),
        ('actor:"Ana L|', 0, "actor", "Ana L"),
        ('actor:"Ana Lee" op|', 16, None, "op"),
        ("status:(4xx OR 5|", 15, "status", "5"),
        ("status:(|", 8, "status", ""),
        ("status:(4xx) 5|", 13, None, "5"),
        ("(operation:A OR ki|", 16, None, "ki"),
        ("12:30|", 0, None, "12:30"),
        ("endpoint:/a:b|", 0, "endpoint", "/a:b"),
    ],
)
def test_places(text: str, start: int, field: str | None, prefix: str) -> None:
    at = text.index("|")
    place = place_of(text.replace("|", ""), at)
    assert (place.start, place.field, place.prefix) == (start, field, prefix)
    assert place.end == at


def test_the_rest_of_a_word_is_replaced_with_it() -> None:
    place = place_of("operation:AssignRole x", 13)
    assert (place.start, place.end, place.prefix) == (0, 20, "Ass")
    place = place_of('actor:"Ana Lee" x', 9)
    assert (place.start, place.end, place.prefix) == (0, 15, "An")
