"""Why a part is gone, read from the entry that says so."""

from __future__ import annotations

from indelible.seal import PERSON, erasure_leaf, expiry_leaf
from indelible.server.ledger.catalogue import Catalogue
from indelible.server.ledger.categories import first_policy
from indelible.server.ledger.desk import Standing
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.retention.kept import Explained, explain

_DAY = 20_782
_STANDING = Standing(
    policies=PolicyHistory([PolicyAt(index=1, day=_DAY, policy=first_policy(_DAY))]),
    catalogue=Catalogue(),
)


def test_an_expiry_names_the_policy_that_it_went_by() -> None:
    leaf = expiry_leaf(
        category_id=16, parts=PERSON, day=_DAY, cutoff_day=_DAY - 90, upto=900, policy_index=1
    )
    assert explain(_STANDING, "expired", 9100, leaf) == Explained(
        how="expired", index=9100, policy=1
    )


def test_an_erasure_names_its_ground() -> None:
    for code, reason in ((1, "data-subject"), (4, "contract"), (255, "other")):
        leaf = erasure_leaf(parts=PERSON, day=_DAY, first=5, count=1, reason=code, record=bytes(32))
        assert explain(_STANDING, "erased", 12, leaf) == Explained(
            how="erased", index=12, reason=reason
        )
    assert explain(_STANDING, "erased", 12, None) == Explained(how="erased", index=12)
