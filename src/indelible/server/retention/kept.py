"""Until when each part of an event is kept, as its drawer shows it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.seal import CONTENT, FACT, PERSON, ErasureLeaf, ExpiryLeaf, parse_leaf
from indelible.server.ledger import Entry
from indelible.server.ledger.desk import Standing
from indelible.server.retention.certificate import REASONS
from indelible.server.retention.edit import day_text

_NAMES: Final = {FACT: "fact", PERSON: "person", CONTENT: "content"}


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why a part is gone: the entry that says so, with the version of the policy that it went by, or
    the ground of the erasure.
    """

    how: Literal["expired", "erased"]
    index: int
    policy: int | None = None
    reason: str | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """
    The last day on which each part is promised to be there; null is for ever, or no such part.

    The promise can grow with a longer policy; it never shrinks.
    """

    category: str
    fact_until: str | None
    person_until: str | None
    content_until: str | None
    holds: list[str] = []
    # For each part that is gone.
    explained: dict[str, Explained] = {}


def missing_parts(entry: Entry) -> int:
    """The bits of the parts that were sealed and are gone."""
    here = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
    return sum(bit for bit, data in here.items() if entry.parts & bit and data is None)


def explain(standing: Standing, how: str, index: int, leaf: bytes | None) -> Explained:
    """What the entry that declares a removal says of it."""
    said = parse_leaf(leaf) if leaf is not None else None
    policy = reason = None
    if isinstance(said, ExpiryLeaf):
        at = said.policy_index
        versions = {one.index: one.policy.version for one in standing.policies.policies}
        policy = versions.get(at)
    elif isinstance(said, ErasureLeaf):
        reason = REASONS[said.reason]
    word: Literal["expired", "erased"] = "expired" if how == "expired" else "erased"
    return Explained(how=word, index=index, policy=policy, reason=reason)


def kept_until(
    standing: Standing, entry: Entry, holds: list[str], explained: dict[int, Explained]
) -> Kept:
    """What was promised for an entry that is an event."""
    policies = standing.policies
    category = next(
        (c for c in policies.newest.policy.categories if c.id == entry.category_id), None
    )

    def until(part: int) -> str | None:
        if not entry.parts & part or category is None:
            return None
        days = policies.required_days(entry.index, entry.day, entry.category_id, part)
        return None if days is None else day_text(entry.day + days)

    return Kept(
        category=category.name if category else "",
        fact_until=until(FACT),
        person_until=until(PERSON),
        content_until=until(CONTENT),
        holds=holds,
        explained={_NAMES[part]: why for part, why in explained.items()},
    )
