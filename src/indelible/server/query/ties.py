"""
Finds all that is tied to one event: by request, by job (its id, its root, its parent), by session.

A walk from id to id, bounded in rounds, ids, events and time; what is left out is said. Of a
session only the event that opened it is taken, for a session may hold a whole day.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row
from indelible.server.query import jobs
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import within
from indelible.server.query.reach import Reach
from indelible.server.query.tied_rows import carries

MAX_EVENTS: Final = 300
MAX_IDS: Final = 200
MAX_ROUNDS: Final = 6
WINDOW_US: Final = 7 * US_PER_DAY
_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Tied(msgspec.Struct, frozen=True, kw_only=True):
    """The events found, the openers of their sessions, and why some may be missing."""

    rows: list[Row]
    openers: dict[str, Row]
    cut: list[str]
    from_us: int
    to_us: int


async def find_tied(index: IndexProcess, reach: Reach, focus: Row, through: int) -> Tied:
    """All in reach, within a week of the event, that hangs together with it."""
    from_us, to_us = focus.occurred_us - WINDOW_US, focus.occurred_us + WINDOW_US
    found: dict[int, Row] = {focus.idx: focus}
    requests: set[str] = set()
    runs: set[str] = set()
    cut: list[str] = []
    for turn in range(MAX_ROUNDS + 1):
        new_requests = {row.request_id for row in found.values() if row.request_id} - requests
        new_runs = {one for row in found.values() for one in jobs.ids_of(row)} - runs
        if not new_requests and not new_runs:
            break
        if turn == MAX_ROUNDS:
            cut.append("rounds")
            break
        if len(requests) + len(runs) + len(new_requests) + len(new_runs) > MAX_IDS:
            cut.append("ids")
            room = max(0, MAX_IDS - len(requests) - len(runs))
            new_requests = set(sorted(new_requests)[:room])
            new_runs = set(sorted(new_runs)[: room - len(new_requests)])
            if not new_requests and not new_runs:
                break
        requests |= new_requests
        runs |= new_runs
        parameters = Parameters(reach.tenant_id)
        add = parameters.add
        bounds = await within(index, reach, parameters, through)
        tied = carries(parameters, requests=sorted(new_requests), runs=sorted(new_runs))
        first, last = add(from_us, "Int64"), add(to_us, "Int64")
        room = MAX_EVENTS - len(found)
        known = add(sorted(found), "Array(UInt64)")
        data = await index.query(
            f"SELECT {ROW_SELECT} FROM events WHERE {bounds} "
            f"AND occurred_us BETWEEN {first} AND {last} AND {tied} AND idx NOT IN {known} "
            f"ORDER BY tenant, occurred_us, idx LIMIT {room + 1}",
            parameters.values,
        )
        rows = _decode_rows(data)
        if len(rows) > room:
            cut.append("events")
            del rows[room:]
        found |= {row.idx: row for row in rows}
        if len(found) >= MAX_EVENTS:
            break
    openers = await _openers(index, reach, found, through)
    ordered = sorted(found.values(), key=lambda row: (row.occurred_us, row.idx))
    return Tied(
        rows=ordered,
        openers=openers,
        cut=list(dict.fromkeys(cut)),
        from_us=from_us,
        to_us=to_us,
    )


async def _openers(
    index: IndexProcess, reach: Reach, found: dict[int, Row], through: int
) -> dict[str, Row]:
    """Of each session that has a part in it, its first event."""
    sessions = sorted({row.session_id for row in found.values() if row.session_id})[:MAX_IDS]
    if not sessions:
        return {}
    parameters = Parameters(reach.tenant_id)
    bounds = await within(index, reach, parameters, through)
    first = min(row.occurred_us for row in found.values()) - WINDOW_US
    last = max(row.occurred_us for row in found.values())
    data = await index.query(
        f"SELECT {ROW_SELECT} FROM events WHERE {bounds} "
        f"AND occurred_us BETWEEN {parameters.add(first, 'Int64')} "
        f"AND {parameters.add(last, 'Int64')} "
        f"AND {carries(parameters, sessions=sessions)} "
        "ORDER BY tenant, occurred_us, idx LIMIT 1 BY session_id",
        parameters.values,
    )
    return {row.session_id: row for row in _decode_rows(data)}
