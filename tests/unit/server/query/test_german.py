"""The sentence in German: the same parts, in main clauses."""

from __future__ import annotations

from datetime import date

import pytest

from indelible.server.query.explain import explain, explain_range
from indelible.server.query.filter import Filter
from indelible.server.query.filters import FAMILIES
from indelible.server.query.filters.presence import PRESENT
from indelible.server.query.parse import parse_text
from indelible.server.query.periods import Range, range_of_period
from indelible.server.query.reach import Reach
from indelible.server.query.sentence import explain_tree

VALUES = {
    "status": "404", "id": "0193aaaa-0000-7000-8000-00000000abcd", "has": "changes",
    "outcome": "denied", "kind": "user", "severity": "info", "state": "failed", "ip": "::1",
    "first": "ip",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", ""),
        ("ana -health", "der Text enthält „ana“ und der Text enthält nirgends „health“"),
        (
            "operation:AssignRole OR -status:2xx",
            "der Vorgang ist AssignRole, oder der Status ist nicht 2xx (N/A zählt als nicht 2xx)",
        ),
        ("status:(401 OR 403)", "der Status ist 401 oder 403"),
        ("-method:GET -method:PUT", "die Methode ist weder GET noch PUT"),
        (
            "has:changes -has:reason",
            "das Ereignis hat Änderungen und das Ereignis hat keinen Grund",
        ),
        ("-has:error", "das Ereignis ist nicht fehlgeschlagen"),
        (
            "outcome:Denied -kind:api_key",
            "das Ergebnis ist abgelehnt und die Art des Akteurs ist nicht API-Schlüssel",
        ),
        ("state:(failed OR queued)", "der Zustand des Jobs ist fehlgeschlagen oder wartend"),
        ("duration:>5s", "die Dauer ist über 5s"),
        ("status:400..499", "der Status ist von 400 bis 499"),
        ("ip:10.0.0.0/8", "die IP-Adresse ist in 10.0.0.0/8"),
        ("-first:ip", "die Adresse ist nicht neu für den Akteur in diesem Zeitraum"),
        ("-actor:ana", "der Akteur enthält nicht ana"),
    ],
)
def test_sentences_in_german(text: str, want: str) -> None:
    assert explain_tree(parse_text(text), "de") == want


def test_every_field_is_told_in_german() -> None:
    for name in FAMILIES:
        tree = parse_text(" ".join(f"{sign}{name}:{VALUES.get(name, '7')}" for sign in ("", "-")))
        english, german = explain_tree(tree), explain_tree(tree, "de")
        assert german != english
        assert "whose" not in german
    for name in PRESENT:
        told = explain_tree(parse_text(f"has:{name}"), "de")
        assert told.startswith("das Ereignis")


def test_times_in_german() -> None:
    filter_ = Filter(
        reach=Reach(tenant_id=1),
        range=range_of_period("week", date(2026, 11, 18), "Europe/Berlin", "monday"),
        own=False,
    )
    assert explain(filter_, "dmy", "de") == (
        "Ereignisse (ohne die von Indelible selbst) von Montag 16/11/2026 bis Sonntag 22/11/2026 "
        "Europe/Berlin."
    )
    assert explain_range(Range(tz="UTC"), "dmy", "de") == "zu jeder Zeit"
