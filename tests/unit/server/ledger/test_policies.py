"""What a series of policies promises for an event, against the verifier's own reading."""

from hypothesis import given, settings
from hypothesis import strategies as st

from indelible.seal import CONTENT, FACT, PERSON, Category, Policy, policy_leaf
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.ledger.policy_rules import faults_of
from indelible.verify.removal import Place, Removals

DAY = 20_000
_AUDIT = Category(id=1, name="audit")


def policy(version: int, effective_day: int, days: int | None, enabled: bool = True) -> Policy:
    category = Category(
        id=30, name="own", enabled=enabled, fact_days=days, person_days=days, content_days=days
    )
    return Policy(version=version, effective_day=effective_day, categories=(_AUDIT, category))


def history(*steps: tuple[int, int, int | None]) -> PolicyHistory:
    """Steps of (day, effective day, days to keep); entries 1, 11, 21, …"""
    return PolicyHistory(
        [
            PolicyAt(1 + 10 * n, day, policy(n + 1, effective, days))
            for n, (day, effective, days) in enumerate(steps)
        ]
    )


def test_a_longer_policy_extends_what_is_there() -> None:
    found = history((DAY, DAY, 30), (DAY + 1, DAY + 1, 90))
    assert found.required_days(5, DAY, 30, FACT) == 90
    assert found.required_days(5, DAY, 30, FACT, before=11) == 30


def test_a_shorter_policy_holds_for_what_comes_after_its_effective_day() -> None:
    found = history((DAY, DAY, 90), (DAY + 1, DAY + 8, 30))
    assert found.required_days(5, DAY, 30, PERSON) == 90
    assert found.required_days(15, DAY + 7, 30, PERSON) == 90
    assert found.required_days(15, DAY + 8, 30, PERSON) == 30


def test_a_change_meanwhile_does_not_shorten_the_notice() -> None:
    """A third policy that takes effect at once must not bring a pending reduction forward."""
    found = history((DAY, DAY, 90), (DAY + 1, DAY + 8, 30), (DAY + 2, DAY + 2, 30))
    assert found.required_days(25, DAY + 3, 30, CONTENT) == 90
    assert found.required_days(25, DAY + 8, 30, CONTENT) == 30


def test_a_switch_off_takes_effect_on_its_day() -> None:
    found = PolicyHistory(
        [
            PolicyAt(1, DAY, policy(1, DAY, 30)),
            PolicyAt(9, DAY, policy(2, DAY + 7, 30, enabled=False)),
        ]
    )
    before, after = found.category_on(30, DAY + 6), found.category_on(30, DAY + 7)
    assert before is not None
    assert after is not None
    assert (before.enabled, after.enabled) == (True, False)
    assert found.days_of_change(DAY) == [DAY + 7]


_step = st.tuples(st.integers(0, 3), st.integers(0, 10), st.one_of(st.none(), st.integers(1, 200)))


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(_step, min_size=1, max_size=6),
    index=st.integers(2, 60),
    day=st.integers(DAY, DAY + 20),
    before=st.integers(2, 70),
)
def test_any_series_is_read_as_the_verifier_reads_it(
    steps: list[tuple[int, int, int | None]], index: int, day: int, before: int
) -> None:
    at_day = DAY
    series: list[PolicyAt] = []
    for later, notice, days in steps:
        at_day += later
        one = policy(len(series) + 1, at_day + notice, days)
        if not faults_of(one, at_day, series[-1].policy if series else None):
            series.append(PolicyAt(1 + 10 * len(series), at_day, one))
    if not series or before <= index:
        return
    verifier = Removals(
        [(one.index, policy_leaf(one.policy, one.day)) for one in series], {}, at_day
    )
    for part in (FACT, PERSON, CONTENT):
        ours = PolicyHistory(series).required_days(index, day, 30, part, before)
        assert ours == verifier.required_days(Place(index, day, 30, part), before)
