"""
Steps: what one actor did, or what happened in one session or request, in order of time.

Each step tells how long after the one before it came, and whether it begins another session or
request. Like all lists it is read from the index.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from indelible.clock import US_PER_S
from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.query.cursor import encode_cursor, parse_cursor
from indelible.server.query.filter import Filter
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import within
from indelible.server.query.tied_rows import carries

MAX_STEPS: Final = 1000
FAILED: Final = ("failure", "denied")
_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Of(msgspec.Struct, frozen=True, kw_only=True):
    """Whose steps: at least one is given, and what is given must all hold."""

    actor: str | None = None
    session: str | None = None
    request: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the steps; `gap_s` since the step before, null for the very first one shown."""

    number: int
    event: dict[str, Any]
    gap_s: float | None
    failed: bool
    new_session: bool
    new_request: bool


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """A page of steps, oldest first; `total` counts all pages."""

    steps: list[Step]
    total: int
    next_cursor: str | None
    indexed_through: int


class _Count(msgspec.Struct):
    n: int


async def find_steps(
    index: IndexProcess, filter_: Filter, of: Of, *, tenant: str, limit: int, cursor: str | None
) -> Steps:
    """A page of steps within the filter's range. Raises InvalidRequest for a wrong cursor."""
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    # A cursor belongs to the range and to whose steps they are.
    asked = msgspec.structs.replace(filter_, text=f"steps {of!r}")
    parameters = Parameters(filter_.tenant_id)
    bounds = await within(index, filter_.reach, parameters, through)
    where = f"{bounds} AND {_where(filter_, of, tenant, parameters)}"
    after = None if cursor is None else parse_cursor(cursor, asked, "asc")
    counted = await index.query(
        f"SELECT count() AS n FROM events WHERE {where}", dict(parameters.values)
    )
    total = msgspec.json.decode(counted, type=_Count).n
    before = 0
    if after is not None:
        at = parameters.add(after.occurred_us, "Int64")
        idx = parameters.add(after.index, "UInt64")
        counted = await index.query(
            f"SELECT count() AS n FROM events WHERE {where} AND occurred_us <= {at} "
            f"AND (occurred_us, idx) <= ({at}, {idx})",
            dict(parameters.values),
        )
        before = msgspec.json.decode(counted, type=_Count).n
        where += f" AND occurred_us >= {at} AND (occurred_us, idx) > ({at}, {idx})"
    data = await index.query(
        f"SELECT {ROW_SELECT} FROM events WHERE {where} "
        f"ORDER BY tenant, occurred_us, idx LIMIT {limit + 1}",
        parameters.values,
    )
    rows = _decode_rows(data)
    more = len(rows) > limit
    del rows[limit:]
    last_us = after.occurred_us if after is not None else None
    next_cursor = None
    if more and rows:
        next_cursor = encode_cursor("next", rows[-1].occurred_us, rows[-1].idx, asked, "asc")
    return Steps(
        steps=_steps(rows, before, last_us),
        total=total,
        next_cursor=next_cursor,
        indexed_through=through,
    )


def _steps(rows: list[Row], before: int, last_us: int | None) -> list[Step]:
    steps: list[Step] = []
    session: str | None = None
    request: str | None = None
    for place, row in enumerate(rows):
        gap_s = None if last_us is None else (row.occurred_us - last_us) / US_PER_S
        # An event without a session or request of its own neither begins nor ends one's group.
        new_session = place == 0 or row.session_id != session
        new_request = new_session or not row.request_id or row.request_id != request
        session, request, last_us = row.session_id, row.request_id, row.occurred_us
        steps.append(
            Step(
                number=before + place + 1,
                event=row_to_json(row),
                gap_s=gap_s,
                failed=row.outcome in FAILED,
                new_session=new_session,
                new_request=new_request,
            )
        )
    return steps


def _where(filter_: Filter, of: Of, tenant: str, parameters: Parameters) -> str:
    add = parameters.add
    conditions = []
    if filter_.range.from_us is not None:
        conditions.append(f"occurred_us >= {add(filter_.range.from_us, 'Int64')}")
    if filter_.range.to_us is not None:
        conditions.append(f"occurred_us < {add(filter_.range.to_us, 'Int64')}")
    if of.actor is not None:
        conditions.append(_actor(of.actor, tenant, parameters))
    if of.session is not None:
        conditions.append(carries(parameters, sessions=[of.session]))
    if of.request is not None:
        conditions.append(carries(parameters, requests=[of.request]))
    return " AND ".join(conditions)


def _actor(actor: str, tenant: str, parameters: Parameters) -> str:
    """An actor by what the screen shows of it: e-mail, else name, else id, else the system."""
    who = parameters.add(actor, "String")
    condition = (
        f"lowerUTF8(actor_email) = lowerUTF8({who}) OR actor_id = {who} OR actor_name = {who}"
    )
    if actor == f"system@{tenant}":
        condition += " OR (actor_email = '' AND actor_name = '' AND actor_id = '')"
    return f"({condition})"
