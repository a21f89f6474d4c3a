"""What the log knows of one actor, address, operation or target: when, how much, with what."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.clock import format_us
from indelible.server.index import IndexProcess
from indelible.server.query import stats
from indelible.server.query.filter import Filter
from indelible.server.query.history import target_where
from indelible.server.query.parse import parse_text
from indelible.server.query.prepare import prepare
from indelible.server.query.stats import Group
from indelible.server.query.summary import FAILED
from indelible.server.query.term import quoted, term_of

Of = Literal["actor", "ip", "operation", "target"]
OFS: Final[tuple[Of, ...]] = ("actor", "ip", "operation", "target")
# What is told of each, in the order in which it is shown.
RELATED: Final[dict[Of, tuple[str, ...]]] = {
    "actor": ("operation", "target", "ip", "endpoint", "outcome", "kind"),
    "ip": ("actor", "operation", "target", "outcome", "endpoint"),
    "operation": ("actor", "ip", "target", "outcome", "endpoint"),
    "target": ("operation", "actor", "ip", "outcome"),
}
TOP: Final = 8
BARS: Final = 60


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value that goes with it, the events with both, and the term that finds those."""

    key: str | None
    include: str | None
    count: int
    failed: int


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """The most frequent values of one field."""

    by: str
    values: list[Value]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """`first` and `last` null: nothing in the range. `include` finds its events in the list."""

    include: str
    events: int
    failed: int
    first: str | None
    last: str | None
    interval_s: int
    bars: list[Group]
    related: list[Related]
    indexed_through: int


class _Ends(msgspec.Struct):
    n: int
    failed: int
    first: int
    last: int


def term(of: Of, value: str, kind: str) -> str:
    """The query text that finds its events."""
    if of == "target":
        return f"target.type:{quoted(kind)} target.id:{quoted(value)}"
    return term_of(of, value) or ""


async def find_profile(
    index: IndexProcess, filter_: Filter, of: Of, value: str, kind: str
) -> Profile:
    """Counts of its events in the filter's range. Raises InvalidRequest for an unreadable value."""
    include = term(of, value, kind)
    asked = msgspec.structs.replace(filter_, text=include, tree=parse_text(include))
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    prepared = await prepare(index, asked, through)
    nothing = Profile(
        include=include, events=0, failed=0, first=None, last=None, interval_s=0, bars=[],
        related=[], indexed_through=through,
    )  # fmt: skip
    if prepared.empty:
        return nothing
    if of == "target":
        prepared = msgspec.structs.replace(prepared, where=target_where(prepared, kind, value))
    data = await index.query(
        f"SELECT count() AS n, countIf({FAILED}) AS failed, min(occurred_us) AS first, "
        f"max(occurred_us) AS last FROM events WHERE {prepared.where}",
        prepared.parameters.values,
    )
    ends = msgspec.json.decode(data, type=_Ends)
    if ends.n == 0:
        return nothing
    time = await stats.over_time(index, prepared, BARS)
    related = []
    for by in RELATED[of]:
        found = await stats.group_by(index, prepared, by, TOP)
        related.append(Related(by=by, values=[_value(by, group) for group in found.groups or ()]))
    return Profile(
        include=include,
        events=ends.n,
        failed=ends.failed,
        first=format_us(ends.first),
        last=format_us(ends.last),
        interval_s=time.interval_s or 0,
        bars=time.groups or [],
        related=related,
        indexed_through=through,
    )


def _value(by: str, group: Group) -> Value:
    failed = group.by_outcome.get("failure", 0) + group.by_outcome.get("denied", 0)
    return Value(key=group.key, include=term_of(by, group.key), count=group.count, failed=failed)
