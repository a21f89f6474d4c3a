"""
The history of one target: its changes in order, who set each field last, its state at any moment.

A change is taken as one of the event's first target; of an event that failed or was denied nothing
took effect. Where the value that a change says it replaced is not the one that the change before it
left, somebody changed the target outside the log: a seam. A change that says nothing of the value
before (or that there was none: the log keeps both alike) is not evidence of that, so its seam is
`unsaid`. After an event whose content is erased no
seam is claimed until the field is set again, for the missing change may be what explains it; nor is
one claimed over a redacted value, which says nothing of what it was.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from indelible.event.redact import MASK
from indelible.server.index import IndexProcess
from indelible.server.index.schema import NO_CONTENT, UNREADABLE
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.query.filter import Filter
from indelible.server.query.prepare import Prepared, prepare

MAX_STEPS: Final = 2000
_FAILED: Final = ("failure", "denied")
_CREATES: Final = re.compile(r"(?i)^(create|add|insert|register|import|new|provision)")
_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Seam(msgspec.Struct, frozen=True, kw_only=True):
    """
    Changed outside the log: `left` by the change at `since`, `found` by this one.

    `unsaid`: this one names no value before, so whether the field was changed is not known.
    """

    path: str
    unsaid: bool
    left: Any
    found: Any
    since: str
    since_index: int


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """
    One event. `applied`: its changes took effect on this target; `erased`: its content is gone, so
    what it changed is not known any more.
    """

    event: dict[str, Any]
    applied: bool
    erased: bool
    seams: list[Seam]


class FieldState(msgspec.Struct, frozen=True, kw_only=True):
    """The last value of a field, and who set it; `unsure` when a later erased event may have."""

    path: str
    value: Any
    event_id: str
    index: int
    at: str
    unsure: bool


class History(msgspec.Struct, frozen=True, kw_only=True):
    """
    Oldest step first. `total` counts all events of the target in the range; when there are more
    than are given, the newest are, `cut` is true, and fields begin with the first step given.
    """

    name: str | None
    steps: list[HistoryStep]
    fields: list[FieldState]
    created: int | None
    updated: int | None
    total: int
    cut: bool
    indexed_through: int


class _Count(msgspec.Struct):
    n: int


async def find_history(
    index: IndexProcess, filter_: Filter, kind: str, target_id: str, limit: int
) -> History:
    """The history of the target within the filter's range."""
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    prepared = await prepare(index, filter_, through)
    if prepared.empty:
        return replay([], kind, target_id, 0, through)
    where = target_where(prepared, kind, target_id)
    counted = await index.query(
        f"SELECT count() AS n FROM events WHERE {where}", prepared.parameters.values
    )
    data = await index.query(
        f"SELECT {ROW_SELECT} FROM events WHERE {where} "
        f"ORDER BY tenant DESC, occurred_us DESC, idx DESC LIMIT {int(limit)}",
        prepared.parameters.values,
    )
    rows = _decode_rows(data)[::-1]
    total = msgspec.json.decode(counted, type=_Count).n
    gone = {row.idx for row in rows if row.flags & (NO_CONTENT | UNREADABLE)}
    shown = [row_to_json(row) for row in rows]
    return replay(shown, kind, target_id, total, through, gone)


def target_where(prepared: Prepared, kind: str, target_id: str) -> str:
    """The condition that an event has this target, besides the filter's own."""
    add = prepared.parameters.add
    kind_of, id_of = add(kind, "String"), add(target_id, "String")
    return (
        f"{prepared.where} AND has(target_ids, {id_of}) AND arrayExists((kind, id) -> "
        f"kind = {kind_of} AND id = {id_of}, target_types, target_ids)"
    )


def replay(
    events: list[dict[str, Any]],
    kind: str,
    target_id: str,
    total: int,
    through: int,
    erased: set[int] | frozenset[int] = frozenset(),
) -> History:
    """Goes through the events, oldest first; pure."""
    fields: dict[str, FieldState] = {}
    steps: list[HistoryStep] = []
    name: str | None = None
    created = updated = None
    for place, event in enumerate(events):
        targets = event["targets"]
        mine = next(
            (n for n, one in enumerate(targets)
             if (one["type"] or "") == kind and (one["id"] or "") == target_id), 0,
        )  # fmt: skip
        if mine < len(targets):
            name = targets[mine]["name"] or name
        is_gone = event["index"] in erased
        took_effect = mine == 0 and event["outcome"] not in _FAILED
        seams: list[Seam] = []
        if took_effect and is_gone:
            fields = {path: msgspec.structs.replace(one, unsure=True)
                      for path, one in fields.items()}  # fmt: skip
        elif took_effect:
            for change in event["changes"]:
                seam = _seam(fields.get(change["path"]), change)
                if seam is not None:
                    seams.append(seam)
                fields[change["path"]] = FieldState(
                    path=change["path"],
                    value=change["after"],
                    event_id=event["id"],
                    index=event["index"],
                    at=event["occurred_at"],
                    unsure=False,
                )
            if _creates(event, place) and created is None:
                created = place
            elif event["changes"]:
                updated = place
        steps.append(
            HistoryStep(
                event=event,
                applied=took_effect and not is_gone and bool(event["changes"]),
                erased=is_gone,
                seams=seams,
            )
        )
    return History(
        name=name,
        steps=steps,
        fields=sorted(fields.values(), key=lambda one: one.path),
        created=created if total <= len(events) else None,
        updated=updated,
        total=total,
        cut=total > len(events),
        indexed_through=through,
    )


def _creates(event: dict[str, Any], place: int) -> bool:
    """Whether an event made the target: by its name, or the first with nothing but new values."""
    if _CREATES.match(event["operation"]):
        return True
    changes = event["changes"]
    return place == 0 and bool(changes) and all(one["before"] is None for one in changes)


def _seam(last: FieldState | None, change: dict[str, Any]) -> Seam | None:
    if last is None or last.unsure or last.value == change["before"]:
        return None
    if _masked(last.value) or _masked(change["before"]):
        return None
    return Seam(
        path=change["path"],
        unsaid=change["before"] is None,
        left=last.value,
        found=change["before"],
        since=last.at,
        since_index=last.index,
    )


def _masked(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(MASK[:-1])
