"""The sentence says what was understood, in English that reads well."""

from __future__ import annotations

import pytest

from indelible.server.query.filters import FAMILIES
from indelible.server.query.parse import parse_text
from indelible.server.query.sentence import explain_term, explain_tree
from indelible.server.query.tree import terms


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", ""),
        ("ana -health", "that contain “ana” and that nowhere contain “health”"),
        (
            "operation:AssignRole OR -status:2xx",
            "whose operation is AssignRole, or whose status is not 2xx (N/A counts as not 2xx)",
        ),
        ("operation:(A OR B OR C)", "whose operation is A, B or C"),
        ("-operation:(A OR B)", "whose operation is neither A nor B"),
        ("-operation:A -operation:B", "whose operation is neither A nor B"),
        ("status:404 OR status:>=500", "whose status is 404 or at least 500"),
        ("status:400..499", "whose status is from 400 to 499"),
        ("-actor:ana", "whose actor does not contain ana"),
        ('actor:"ana"', "whose actor is ana"),
        ("ip:10.0.0.0/8", "whose IP address is in 10.0.0.0/8"),
        ("-ip:(10.0.0.0/8 OR ::1)", "whose IP address is neither in 10.0.0.0/8 nor ::1"),
        ("has:changes -has:reason", "that have changes and that do not have a reason"),
        (
            "kind:user (outcome:denied OR status:5xx)",
            "whose actor kind is user and (whose outcome is denied or whose status is 5xx)",
        ),
        (
            "NOT (kind:user outcome:denied)",
            "whose actor kind is not user, or whose outcome is not denied",
        ),
        ("a b OR c", "that contain “a” and that contain “b”, or that contain “c”"),
        ("after:team kind:task", "whose value after contains team and whose actor kind is task"),
        ("duration:>5s", "whose duration is above 5s"),
        ("target.id:p_12", "whose target id is p_12"),
    ],
)  # fmt: skip
def test_sentences(text: str, want: str) -> None:
    assert explain_tree(parse_text(text)) == want


VALUES = {
    "status": "404", "id": "0193aaaa-0000-7000-8000-00000000abcd", "has": "changes",
    "outcome": "denied", "kind": "user", "severity": "info", "state": "failed", "ip": "::1",
    "first": "ip",
}  # fmt: skip


def test_every_field_has_a_sentence_and_its_opposite() -> None:
    for name in FAMILIES:
        value = VALUES.get(name, "7")
        tree = parse_text(f"{name}:{value} -{name}:{value}")
        said, denied = (explain_term(term) for term in terms(tree))
        assert said != denied
        assert "not" in denied or "no" in denied
