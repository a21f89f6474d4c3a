"""The rules of a policy, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from indelible.seal import FACT, PERSON, Category, Floor, Policy
from indelible.verify.policy import policy_faults

DAY = 1000
BASE = Policy(
    version=1,
    effective_day=DAY,
    categories=(
        Category(id=1, name="audit"),
        Category(id=16, name="authentication", fact_days=365),
        Category(id=19, name="data", fact_days=365, person_days=30, content_days=60),
    ),
    floors=(Floor(category=19, parts=PERSON, min_days=10, until_day=DAY + 500),),
)


def with_category(policy: Policy, number: int, **changes: object) -> Policy:
    categories = tuple(
        msgspec.structs.replace(c, **changes) if c.id == number else c for c in policy.categories
    )
    return msgspec.structs.replace(policy, categories=categories)


def faults(policy: Policy, before: Policy | None = None) -> Sequence[str]:
    return policy_faults(policy, DAY, before)


def test_a_sound_policy_and_the_same_again() -> None:
    assert faults(BASE) == []
    assert faults(BASE, BASE) == []


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (with_category(BASE, 19, id=16), "share an id or a name"),
        (with_category(BASE, 19, name="audit"), "share an id or a name"),
        (with_category(BASE, 19, name=""), "cannot be a category"),
        (with_category(BASE, 19, person_days=0), "is kept for 0 days"),
        (with_category(BASE, 1, enabled=False), "reserved category audit is switched off"),
        (with_category(BASE, 1, name="other"), "there is no category audit"),
        (with_category(BASE, 1, fact_days=300), "facts of audit"),
        (with_category(BASE, 16, fact_days=89), "authentication is kept for 89 days"),
        (with_category(BASE, 19, person_days=9), "data is kept for 9 days, the floor is 10"),
        (
            msgspec.structs.replace(BASE, floors=(Floor(category=7, parts=FACT, min_days=1),)),
            "a floor for category 7",
        ),
    ],
)
def test_what_makes_a_policy_invalid(policy: Policy, words: str) -> None:
    assert any(words in fault for fault in faults(policy))


def drop(number: int) -> Policy:
    kept = tuple(c for c in BASE.categories if c.id != number)
    return msgspec.structs.replace(BASE, categories=kept, floors=())


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (drop(19), "category 19 data was left out"),
        (with_category(BASE, 19, name="things"), "left out, renamed or reused"),
        (with_category(BASE, 19, content_days=59), "a reduction takes effect"),
        (with_category(BASE, 19, enabled=False), "a reduction takes effect"),
        (msgspec.structs.replace(BASE, floors=()), "was lowered before its date"),
        (
            msgspec.structs.replace(
                BASE, floors=(msgspec.structs.replace(BASE.floors[0], min_days=9),)
            ),
            "was lowered before its date",
        ),
        (
            msgspec.structs.replace(
                BASE, floors=(msgspec.structs.replace(BASE.floors[0], until_day=DAY + 499),)
            ),
            "was lowered before its date",
        ),
    ],
)
def test_what_may_not_be_changed(policy: Policy, words: str) -> None:
    assert any(words in fault for fault in faults(policy, BASE))


def test_a_name_may_not_move_to_another_category() -> None:
    moved = msgspec.structs.replace(
        with_category(BASE, 19, name="things"),
        categories=(
            *with_category(BASE, 19, name="things").categories,
            Category(id=30, name="data"),
        ),
    )
    assert any("was given to another category" in fault for fault in faults(moved, BASE))


def test_a_reduction_with_a_week_of_notice_and_anything_longer_is_allowed() -> None:
    shorter = with_category(BASE, 19, content_days=10)
    assert faults(msgspec.structs.replace(shorter, effective_day=DAY + 7), BASE) == []
    assert faults(msgspec.structs.replace(shorter, effective_day=DAY + 6), BASE) != []
    assert faults(with_category(BASE, 19, content_days=None), BASE) == []
    assert faults(with_category(BASE, 19, content_days=61), BASE) == []
    more = (*BASE.categories, Category(id=40, name="new"))
    assert faults(msgspec.structs.replace(BASE, categories=more), BASE) == []


def test_a_floor_whose_date_has_come_may_go() -> None:
    later = msgspec.structs.replace(BASE, floors=(), effective_day=DAY + 500)
    assert policy_faults(later, DAY + 493, BASE) == []
