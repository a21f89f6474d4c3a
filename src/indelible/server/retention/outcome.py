"""What came, or would come, of an erasure, in numbers and reasons that name nobody. Pure."""

from __future__ import annotations

from typing import Any

from indelible.clock import US_PER_DAY, format_us
from indelible.seal import Policy
from indelible.server.retention.plan import PARTS, Plan
from indelible.server.retention.scan import PART_NAMES


def numbers_of(plan: Plan, goes: dict[int, int] | None = None) -> dict[str, Any]:
    """How many events the person stands in, and how many parts of how many events go."""
    going = plan.goes if goes is None else goes
    return {
        "found": plan.events,
        "events": len(going),
        "parts": {
            PART_NAMES[part]: sum(1 for parts in going.values() if parts & part) for part in PARTS
        },
    }


def left_of(plan: Plan, policy: Policy, *, with_paths: bool = False) -> list[dict[str, Any]]:
    """
    What stays, by category, part and reason. Paths are for who looks now: free data can have a name
    for a key, so they are kept nowhere.
    """
    names = {category.id: category.name for category in policy.categories}
    return [
        {
            "why": left.obstacle.why,
            "part": PART_NAMES[left.part],
            "category": names.get(left.category_id, str(left.category_id)),
            "events": left.events,
            "until": None
            if left.obstacle.until_day is None
            else format_us(left.obstacle.until_day * US_PER_DAY)[:10],
            "holds": list(left.obstacle.holds),
            "indices": left.indices,
            **({"paths": left.paths} if with_paths else {}),
        }
        for left in plan.left
    ]
