"""The built-in categories and the first policy of a ledger (formats.md B, Policy rules)."""

from __future__ import annotations

from hashlib import sha256

from indelible.codec import encode_json
from indelible.event.redact import rules_of_redaction
from indelible.event.rules import CATEGORY_RULES
from indelible.seal import FACT, Category, Floor, Policy

AUDIT = 1
"""Category `audit`: acts in Indelible itself. Ids 1 to 15 are reserved for the service."""
LAST_RESERVED = 15

BUILT_IN: dict[str, int] = {
    "audit": AUDIT,
    "authentication": 16,
    "access": 17,
    "configuration": 18,
    "data": 19,
    "sharing": 20,
    "export": 21,
    "approval": 22,
    "integration": 23,
    "job": 24,
}
FLOOR_DAYS = 90
FLOORED = ("audit", "authentication", "configuration")


def rules_hash() -> str:
    """SHA-256 of the built-in rules of categories and redaction, as the policy entry states it."""
    return sha256(encode_json([CATEGORY_RULES, rules_of_redaction()])).hexdigest()


def first_policy(day: int) -> Policy:
    """Everything is recorded and kept for ever; facts of three categories have a floor."""
    return Policy(
        version=1,
        effective_day=day,
        categories=tuple(Category(id=number, name=name) for name, number in BUILT_IN.items()),
        floors=tuple(
            Floor(category=BUILT_IN[name], parts=FACT, min_days=FLOOR_DAYS) for name in FLOORED
        ),
        rules=rules_hash(),
    )
