"""Own rules of categories: which matches, in what order, and that no text makes them slow."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indelible.server.ingest.categorise import Glob, own_rules
from indelible.server.ledger.catalogue import Catalogue, CategoryText, Rule

_text = st.text(alphabet="ab*/", max_size=12)


@settings(max_examples=400, deadline=None)
@given(pattern=_text, text=st.text(alphabet="ab/", max_size=16))
def test_a_pattern_matches_what_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert Glob(pattern).matches(text) == bool(re.fullmatch(expression, text))


@pytest.mark.timeout(5)
def test_a_hostile_text_is_matched_in_one_pass() -> None:
    assert not Glob("*a" * 60 + "b").matches("a" * 100_000)


def rules(*texts: CategoryText) -> Catalogue:
    return Catalogue(categories=texts)


def test_the_first_rule_that_matches_wins_then_the_built_in_ones() -> None:
    found = own_rules(
        rules(
            CategoryText(name="billing", rules=(Rule(operation="*Invoice*"), Rule(method="Pay"))),
            CategoryText(name="admin", rules=(Rule(stream="user", endpoint="/admin/*"),)),
        )
    )
    assert found is not None
    chosen = found.choose("user", "POST", "ExportInvoice", "/admin/x")
    assert (chosen.category, chosen.by, chosen.position) == ("billing", "rule", 0)
    assert found.choose("user", "Pay", "X", None).position == 1
    assert found.choose("user", "GET", "Look", "/admin/people?as=/x").category == "admin"
    assert found.choose("system", "GET", "Look", "/admin/people").category == "data"
    assert found.choose("user", "GET", "Look", None).by == "default"
    assert found.choose("user", "GET", "AssignRole", None).by == "built-in"
    for arguments in (
        ("user", "POST", "ExportInvoice", "/admin/x"),
        ("user", "GET", "Look", "/admin/people?as=/x"),
        ("task", None, "Look", "/elsewhere"),
    ):
        assert found.categorise(*arguments) == found.choose(*arguments).category


def test_all_that_match_are_told_in_the_order_in_which_they_are_tried() -> None:
    found = own_rules(
        rules(
            CategoryText(name="admin", rules=(Rule(endpoint="/admin/*"),)),
            CategoryText(name="off", rules=(Rule(stream="system"),)),
            CategoryText(name="billing", rules=(Rule(method="Pay"), Rule(operation="*Role*"))),
        )
    )
    assert found is not None
    arguments = ("user", "POST", "AssignRole", "/admin/people?as=1")
    matching = found.matching(*arguments)
    assert [(one.category, one.by, one.position) for one in matching] == [
        ("admin", "rule", 0),
        ("billing", "rule", 1),
        ("access", "built-in", None),
    ]
    assert matching[0] == found.choose(*arguments)
    assert [one.category for one in found.matching("user", "GET", "Look", None)] == ["data"]


def test_an_endpoint_matches_without_its_query() -> None:
    found = own_rules(rules(CategoryText(name="admin", rules=(Rule(endpoint="/admin"),))))
    assert found is not None
    assert found.categorise("user", None, "Look", "/admin?next=/home") == "admin"
    assert found.categorise("user", None, "Look", "/home?next=/admin") == "data"


def test_without_own_rules_there_is_nothing_to_ask() -> None:
    assert own_rules(Catalogue()) is None
    assert own_rules(rules(CategoryText(name="billing", label="Billing"))) is None
