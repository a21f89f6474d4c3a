"""
How far a caller sees: its tenant and, where the caller is bound to a part of the log, that part.

Every question to the log starts from a reach, never from the number of a tenant, and every
condition in SQL begins with `within`. What lies outside is not refused but not there: it is in no
list, count, facet, completion, tree, run or export, and asked for by id or index it is not found.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from indelible.server.index import fold, folding
from indelible.server.index.schema import TOKENS
from indelible.server.index.seen import Part
from indelible.server.query.parse import parse_text
from indelible.server.query.tree import Node

if TYPE_CHECKING:
    from indelible.server.query.pattern import Parameters

TENANT: Final = "tenant = {tenant:UInt32}"
"""The only place where it is written; a test looks for it elsewhere."""


class Target(msgspec.Struct, frozen=True):
    """What an event was done to, by type and id, compared exactly."""

    type: str
    id: str


class Reach(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    The events that a caller may see: those of which all of this is true; null asks for nothing.

    `streams`, `categories` and `sources` list values; of `targets` the event has one; `query` is
    query text that it matches. Values are compared exactly, text as a search compares it. `masks`
    are the parts of events that are hidden from the caller, as `index/seen.py` hides them.
    """

    tenant_id: int
    streams: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    targets: tuple[Target, ...] | None = None
    query: str = ""
    masks: tuple[Part, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is all events of the tenant, be it with parts of them hidden."""
        return self == Reach(tenant_id=self.tenant_id, masks=self.masks)

    @property
    def tree(self) -> Node | None:
        """The tree of `query`. Raises InvalidRequest when it cannot be read."""
        return _tree(self.query)


@lru_cache(maxsize=256)
def _tree(text: str) -> Node | None:
    return parse_text(text)


def conditions(reach: Reach, parameters: Parameters) -> list[str]:
    """The conditions of a reach on `events`, tenant first, without those of its `query`."""
    parameters.hide(reach.masks)
    found = [TENANT]
    for column, values in (
        ("stream", reach.streams),
        ("category", reach.categories),
        ("source", reach.sources),
    ):
        if values is not None:
            found.append(f"{column} IN {parameters.add(list(values), 'Array(String)')}")
    if reach.targets is not None:
        found.append(_one_of(reach.targets, parameters))
    return found


def _one_of(targets: tuple[Target, ...], parameters: Parameters) -> str:
    if not targets:
        return "0"
    kinds = parameters.add([one.type for one in targets], "Array(String)")
    ids = parameters.add([one.id for one in targets], "Array(String)")
    # Type and id stand in two columns of equal length: both must be of the same target.
    exact = (
        f"arrayExists((kind, id) -> arrayExists((k, i) -> k = kind AND i = id, {kinds}, {ids}), "
        "target_types, target_ids)"
    )
    if not all(one.id for one in targets):
        return exact
    # Ids are tokens of the row, folded: an index tells for most blocks of rows that none is there.
    tokens = parameters.add([folding.TARGET + fold(one.id) for one in targets], "Array(String)")
    return f"(hasAny({TOKENS}, {tokens}) AND {exact})"
