"""Expressions of the operator: those that a text can bring to a standstill stop the start."""

from __future__ import annotations

import pytest

from indelible.errors import SettingsError
from indelible.server.ingest.pattern_trial import LENGTH, hostile_texts, literals
from indelible.server.ingest.patterns import check_patterns


def test_honest_expressions_pass() -> None:
    check_patterns([])
    check_patterns(
        [r"EMP-\d+", r"\b[A-Z]{2,10}-\d{1,12}\b", r"(?i)iban\s*:\s*\S{15,34}"], limit_s=0.2
    )


@pytest.mark.parametrize("slow", [r"(\w+\s?)*$", r"(x|xx)+y"])
def test_one_that_backtracks_without_end_is_named(slow: str) -> None:
    with pytest.raises(SettingsError, match="takes too long") as caught:
        check_patterns([r"EMP-\d+", slow])
    assert caught.value.code == "slow-pattern"
    assert repr(slow) in caught.value.message
    assert caught.value.hint


def test_texts_are_made_of_what_the_expression_looks_for() -> None:
    assert literals(r"\bEMP-\d{3,4}(?:x|y)+") == "EMP-xy"
    texts = list(hostile_texts(r"EMP-(x+)+"))
    assert any(text.startswith("EMP-" + "x" * LENGTH) for text in texts)
    assert any("xM" * 50 in text for text in texts)
