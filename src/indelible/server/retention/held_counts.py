"""How many events of some categories open holds keep: each hold by itself, and all together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from indelible.server.index import IndexProcess
from indelible.server.query.prepare import Prepared

_PLACEHOLDER: Final = re.compile(r"\{p(\d+):")
# Those whose fact, person or content is there still, as the preview counts them.
_PRESENT: Final = (
    "bitAnd(flags, 24) = 0",
    "bitAnd(sealed, 2) != 0 AND bitAnd(flags, 32) = 0",
    "bitAnd(sealed, 4) != 0 AND bitAnd(flags, 64) = 0",
)


class Counts(msgspec.Struct, frozen=True):
    """Events that have their fact, their person part, their content."""

    facts: int = 0
    persons: int = 0
    contents: int = 0


class HeldCounts(msgspec.Struct, frozen=True):
    """Of one category: what any hold keeps, and what each keeps, by name."""

    together: Counts
    each: dict[str, Counts]


class _Row(msgspec.Struct):
    category: str
    counts: list[int]


_decode = msgspec.json.Decoder(_Row, strict=False).decode_lines


async def count_held(
    index: IndexProcess,
    tenant_id: int,
    holds: Sequence[tuple[str, Prepared, str]],
    categories: Sequence[str],
) -> dict[str, HeldCounts]:
    """By category, in one look. A hold comes with its name, its filter, and its condition."""
    if not holds:
        return {}
    values: dict[str, Any] = {"tenant": tenant_id, "held_categories": list(categories)}
    conditions = []
    for number, (_, prepared, where) in enumerate(holds):
        # Each condition was made by itself, so their placeholders have the same names.
        conditions.append(_PLACEHOLDER.sub(f"{{h{number}p\\1:", f"({where})"))
        values |= {
            f"h{number}{name}": value
            for name, value in prepared.parameters.values.items()
            if name != "tenant"
        }
    wanted = [f"({' OR '.join(conditions)})", *conditions]
    counts = ", ".join(f"countIf({one} AND {has})" for one in wanted for has in _PRESENT)
    found = await index.query(
        f"SELECT category, [{counts}] AS counts FROM events WHERE tenant = {{tenant:UInt32}}"
        " AND category IN {held_categories:Array(String)} GROUP BY category",
        values,
    )
    shown = {}
    for row in _decode(found):
        threes = [Counts(*row.counts[at : at + 3]) for at in range(0, len(row.counts), 3)]
        names = [name for name, _, _ in holds]
        each = {
            name: one for name, one in zip(names, threes[1:], strict=True) if one != Counts(0, 0, 0)
        }
        shown[row.category] = HeldCounts(threes[0], each)
    return shown
