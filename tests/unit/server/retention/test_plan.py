"""What an erasure takes and leaves: the rules that a verifier has, part by part."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.seal import CONTENT, FACT, PERSON, Floor
from indelible.server.ledger.categories import BUILT_IN, first_policy
from indelible.server.retention.plan import Plan, Rules, spans
from indelible.server.retention.scan import Hit
from indelible.server.retention.subject import Identifier

TODAY = 20_100
ALL = FACT | PERSON | CONTENT
DATA, AUDIT, LOGIN = BUILT_IN["data"], BUILT_IN["audit"], BUILT_IN["authentication"]


def rules(*floors: Floor, held: dict[int, tuple[str, ...]] | None = None) -> Rules:
    policy = first_policy(20_000)
    names = held or {}
    return Rules(
        type(policy)(policy.version, 1, policy.categories, (*policy.floors, *floors), ""),
        TODAY,
        lambda index, _category, _day: names.get(index, ()),
    )


def hit(index: int, category: int = DATA, *, day: int = 20_000, actor: bool = False,
        paths: dict[int, tuple[str, ...]] | None = None, has: int = ALL) -> Hit:  # fmt: skip
    found = {CONTENT: ("reason",)} if paths is None else paths
    known = (Identifier("id", "u_1"),) if actor else ()
    return Hit(
        index=index, day=day, category_id=category, has=has, paths=found, is_actor=actor,
        known=known,
    )  # fmt: skip


def test_parts_that_name_the_person_go_and_the_person_part_of_what_they_did() -> None:
    plan = Plan(rules(), PERSON | CONTENT, whole_events=False)
    plan.add_all(
        [
            hit(5),
            hit(6, actor=True, paths={FACT: ("actor_id",)}),
            hit(7, paths={PERSON: ("email",)}),
        ]
    )
    assert plan.goes == {5: CONTENT, 6: PERSON, 7: PERSON}
    assert [(one.obstacle.why, one.part, one.events) for one in plan.left] == [
        ("not-chosen", FACT, 1)
    ]
    assert plan.known == {Identifier("id", "u_1"): 1}
    whole = Plan(rules(), PERSON | CONTENT, whole_events=True).add_all([hit(5, has=FACT | CONTENT)])
    assert whole.goes == {5: CONTENT}


@pytest.mark.parametrize(
    ("one", "parts", "why", "until"),
    [
        (hit(3, AUDIT, paths={FACT: ("x",)}), FACT, "reserved", None),
        (hit(3, LOGIN, day=TODAY - 89, paths={FACT: ("x",)}), FACT, "floor", TODAY + 1),
        (hit(3, DATA, day=TODAY - 5), CONTENT, "floor", TODAY + 5),
        (hit(3, DATA, day=TODAY - 10), CONTENT, None, None),
        (hit(3, LOGIN, day=TODAY - 90, paths={FACT: ("x",)}), FACT, None, None),
        (hit(9, DATA), CONTENT, "hold", None),
        (hit(3, AUDIT), CONTENT, None, None),
    ],
)
def test_what_keeps_a_part(one: Hit, parts: int, why: str | None, until: int | None) -> None:
    floors = (
        Floor(category=DATA, parts=CONTENT, min_days=10),
        # One that is over keeps nothing any more.
        Floor(category=DATA, parts=ALL, min_days=9_999, until_day=TODAY),
    )
    plan = Plan(rules(*floors, held={9: ("Case 9",)}), parts, whole_events=False).add_all([one])
    if why is None:
        assert plan.goes == {one.index: parts}
        return
    assert plan.goes == {}
    (left,) = plan.left
    assert (left.obstacle.why, left.obstacle.until_day) == (why, until)
    assert left.indices == [one.index]


@given(st.dictionaries(st.integers(0, 60), st.integers(1, 7)))
def test_spans_are_the_parts_again_and_as_few_as_can_be(goes: dict[int, int]) -> None:
    found = spans(goes)
    again = {index: parts for first, count, parts in found for index in range(first, first + count)}
    assert again == goes
    for (a, n, p), (b, _, q) in itertools.pairwise(found):
        assert a + n < b or (a + n == b and p != q)


def test_the_scan_finds_what_stands_in_any_part(tmp_path: Path) -> None:
    from tests.unit.server.ledger.conftest import append_to, event

    from indelible.clock import FixedClock
    from indelible.server.ledger import Ledger
    from indelible.server.retention.scan import Scanner

    clock = FixedClock(1_795_000_000_000_000)
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    ledger = Ledger.open(tmp_path, clock=clock)
    zoe = {"kind": "user", "id": "zoe@example.net", "name": "Zoe"}
    append_to(ledger, *(event(n) for n in range(300)))
    append_to(
        ledger,
        event(400, actor=zoe, origin={"ip": "192.0.2.9"}),
        event(401, actor={"id": "u_2"}, changes=[{"path": "a", "before": "ZOE@example.net"}]),
        event(402, actor={"id": "u_3"}, endpoint="/people/zoe%40example.net"),
        event(403, actor={"id": "u_4"}, reason="not xzoe@example.net"),
    )
    ledger.close()
    scanner = Scanner(tmp_path / "ledger.sqlite3")
    wanted = scanner.with_aliases(1, [Identifier("email", "zoe@example.net")])
    # The id that is an address stands in facts under a pseudonym, which leads back to it.
    assert [one.kind for one in wanted] == ["email", "alias"]
    found = {one.index - 302: one for one in scanner.find(1, wanted)}
    assert sorted(found) == [0, 1, 2]
    assert found[0].is_actor
    assert set(found[0].paths) == {FACT, PERSON}
    assert Identifier("address", "192.0.2.9") in found[0].known
    assert found[1].paths == {CONTENT: ("changes.0.before",)}
    assert found[2].paths == {PERSON: ("endpoint",)}
    assert scanner.subjects(1, [Identifier("email", "ZOE@example.net")]) == ["zoe@example.net"]
