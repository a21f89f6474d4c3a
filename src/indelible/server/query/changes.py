"""What changed between two periods: values that are new, gone, more, less, or fail more or less."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.server.index import IndexProcess
from indelible.server.query.compare import Compared
from indelible.server.query.filter import Filter
from indelible.server.query.summary import counted_lines, prepare_both
from indelible.server.query.term import term_of

Kind = Literal["new", "gone", "more", "less", "failing"]
KINDS: Final[tuple[Kind, ...]] = ("new", "gone", "more", "less", "failing")
DIMENSIONS: Final = ("operation", "actor", "ip")

# Failures beyond (or short of) what the other period's share of failures would have given.
_EXCESS: Final = "abs(failed - then_failed * n / then_n)"
_IS: Final = {
    "new": ("then_n = 0", "n"),
    "gone": ("n = 0", "then_n"),
    "more": ("then_n > 0 AND n > then_n", "n - then_n"),
    "less": ("n > 0 AND n < then_n", "then_n - n"),
    "failing": (f"n > 0 AND then_n > 0 AND {_EXCESS} >= 1", _EXCESS),
}


class ChangedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One value in both periods; `include` is the term that finds its events."""

    key: str | None
    include: str | None
    count: int
    failed: int
    previous: int
    previous_failed: int


class ChangedKind(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one kind that weigh most, and how many there are."""

    kind: Kind
    total: int
    lines: list[ChangedLine]


class Dimension(msgspec.Struct, frozen=True, kw_only=True):
    """One field and what changed in it."""

    by: str
    changes: list[ChangedKind]


class _Row(msgspec.Struct):
    what: Kind
    key: str
    n: int
    failed: int
    then_n: int
    then_failed: int
    total: int


_decode = msgspec.json.Decoder(_Row).decode_lines


async def find_changes(
    index: IndexProcess, filter_: Filter, compared: Compared, limit: int
) -> tuple[list[Dimension], int]:
    """Each field in one scan over both periods."""
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    dimensions = []
    for by in DIMENSIONS:
        prepared, this, other = await prepare_both(index, filter_, compared, through)
        rows: list[_Row] = []
        if not prepared.empty:
            counted = counted_lines(prepared, compared, by, this, other)
            kinds = ", ".join(
                f"('{kind}', toFloat64({weight}), {test})" for kind, (test, weight) in _IS.items()
            )
            sql = (
                "SELECT one.1 AS what, key, n, failed, then_n, then_failed, "
                "count() OVER (PARTITION BY what) AS total FROM (SELECT *, "
                f"arrayJoin(arrayFilter(kind -> kind.3, [{kinds}])) AS one FROM ({counted})) "
                f"ORDER BY what, one.2 DESC, key LIMIT {int(limit)} BY what"
            )
            rows = _decode(await index.query(sql, prepared.parameters.values))
        dimensions.append(Dimension(by=by, changes=[_kind(by, kind, rows) for kind in KINDS]))
    return dimensions, through


def _kind(by: str, kind: Kind, rows: list[_Row]) -> ChangedKind:
    mine = [row for row in rows if row.what == kind]
    return ChangedKind(
        kind=kind,
        total=mine[0].total if mine else 0,
        lines=[
            ChangedLine(
                key=row.key or None,
                include=term_of(by, row.key or None),
                count=row.n,
                failed=row.failed,
                previous=row.then_n,
                previous_failed=row.then_failed,
            )
            for row in mine
        ],
    )
