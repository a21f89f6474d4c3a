"""The service's rules of a policy and the verifier's agree, whatever the policies."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from indelible.seal import Category, Floor, Policy
from indelible.server.ledger.categories import first_policy
from indelible.server.ledger.policy_rules import faults_of
from indelible.verify.policy import policy_faults

DAY = 20_000
_days = st.one_of(st.none(), st.integers(-1, 5), st.sampled_from([89, 90, 365, 366]))
_category = st.builds(
    Category,
    id=st.sampled_from([1, 16, 17, 24, 25, 26]),
    name=st.sampled_from(["audit", "authentication", "access", "job", "billing", ""]),
    enabled=st.booleans(),
    fact_days=_days,
    person_days=_days,
    content_days=_days,
)
_floor = st.builds(
    Floor,
    category=st.sampled_from([1, 16, 25, 99]),
    parts=st.integers(1, 7),
    min_days=st.sampled_from([1, 90, 365]),
    until_day=st.one_of(st.none(), st.integers(DAY - 1, DAY + 9)),
)
_policy = st.builds(
    Policy,
    version=st.integers(1, 3),
    effective_day=st.integers(DAY - 1, DAY + 8),
    categories=st.lists(_category, max_size=4).map(tuple),
    floors=st.lists(_floor, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(policy=_policy, before=st.one_of(st.none(), _policy))
def test_any_policy_is_judged_as_the_verifier_judges_it(
    policy: Policy, before: Policy | None
) -> None:
    ours = faults_of(policy, DAY, before)
    theirs = policy_faults(policy, DAY, before)
    assert bool(ours) == bool(theirs), (ours, theirs)


@settings(max_examples=150, deadline=None)
@given(
    position=st.integers(0, 9),
    field=st.sampled_from(["fact_days", "person_days", "content_days", "enabled"]),
    value=st.one_of(_days, st.booleans()),
    effective_day=st.integers(DAY, DAY + 8),
)
def test_any_single_change_is_judged_as_the_verifier_judges_it(
    position: int, field: str, value: int | bool | None, effective_day: int
) -> None:
    before = first_policy(DAY - 10)
    if (field == "enabled") != isinstance(value, bool):
        return
    categories = list(before.categories)
    categories[position] = msgspec.structs.replace(categories[position], **{field: value})
    policy = msgspec.structs.replace(
        before, categories=tuple(categories), effective_day=effective_day
    )
    ours = faults_of(policy, DAY, before)
    assert bool(ours) == bool(policy_faults(policy, DAY, before)), ours
