"""
Why an event happened: what is tied to it as one tree, up to the person at the root.

Each event hangs under its job, else its request, else its session, else its actor. A job hangs
under its parent job, else its root job, else the request in which its first entry was made, else
whoever it acted for. A request hangs under its session, or under the job that made it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

import msgspec

from indelible.clock import format_us
from indelible.errors import NotFound
from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.query import jobs
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import within
from indelible.server.query.reach import Reach
from indelible.server.query.ties import Tied, find_tied

Kind = Literal["actor", "session", "request", "job", "event"]
_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """
    One node, in the order of the drawn tree. `event` is the event itself; of a session, the event
    that opened it. `missing`: known by its id only. `cut`: its parent leads back to itself.
    """

    key: str
    kind: Kind
    parent: str | None
    depth: int
    label: str
    at: str | None
    event: dict[str, Any] | None
    missing: bool
    cut: bool


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """
    The tree. `path` leads from the root to the asked event; `because` is the event in which
    somebody outside the system began it. `partial` says why something may be left out: `events`,
    `ids`, `rounds`, `cycle`, `missing`.
    """

    focus: str
    because: dict[str, Any] | None
    path: list[str]
    nodes: list[Node]
    partial: list[str]
    looked_from: str
    looked_to: str
    indexed_through: int


class _Draft(msgspec.Struct):
    kind: Kind
    label: str
    parent: str | None = None
    at_us: int | None = None
    row: Row | None = None
    cut: bool = False


async def find_why(index: IndexProcess, reach: Reach, tenant: str, event_id: str) -> Why:
    """The tree of one event, of what is in reach. Raises NotFound."""
    await index.wait_until_known(reach.tenant_id)
    through = index.indexed_through(reach.tenant_id)
    parameters = Parameters(reach.tenant_id)
    bounds = await within(index, reach, parameters)
    data = await index.query(
        f"SELECT {ROW_SELECT} FROM events WHERE {bounds} "
        f"AND id = {parameters.add(event_id, 'UUID')} ORDER BY idx LIMIT 1",
        parameters.values,
    )
    rows = _decode_rows(data)
    if not rows:
        raise NotFound(f"there is no event {event_id}")
    tied = await find_tied(index, reach, rows[0], through)
    return make_tree(tied, rows[0], tenant, through)


def make_tree(tied: Tied, focus: Row, tenant: str, through: int) -> Why:
    """The tree of what was found. Pure; loops in what senders claim are cut, and said."""
    drafts = _draft(tied, tenant)
    partial = list(tied.cut)
    if _cut_loops(drafts):
        partial.append("cycle")
    if any(draft.kind == "job" and draft.row is None for draft in drafts.values()):
        partial.append("missing")
    focus_key = f"event:{focus.idx}"
    path = [focus_key]
    while (parent := drafts[path[0]].parent) is not None:
        path.insert(0, parent)
    nodes = _in_order(drafts, path[0])
    return Why(
        focus=focus_key,
        because=_because(drafts, path, nodes),
        path=path,
        nodes=nodes,
        partial=partial,
        looked_from=_moment(tied.from_us),
        looked_to=_moment(tied.to_us),
        indexed_through=through,
    )


def _draft(tied: Tied, tenant: str) -> dict[str, _Draft]:
    drafts: dict[str, _Draft] = {}
    first_of_job: dict[str, Row] = {}
    first_of_request: dict[str, Row] = {}
    jobs_of_request: dict[str, str] = {}
    for row in tied.rows:  # in order of time
        job = jobs.job_of(row)
        if job.id:
            first_of_job.setdefault(job.id, row)
        elif row.request_id:
            first_of_request.setdefault(row.request_id, row)
    for row in tied.rows:
        job = jobs.job_of(row)
        if job.id and row.request_id and first_of_job[job.id].request_id != row.request_id:
            jobs_of_request.setdefault(row.request_id, job.id)
        parent = _holder(row, job.id, drafts, tenant)
        drafts[f"event:{row.idx}"] = _Draft("event", row.operation, parent, row.occurred_us, row)

    for job_id, row in first_of_job.items():
        draft = drafts[f"job:{job_id}"]
        draft.row, draft.at_us = row, row.occurred_us
        draft.parent = _cause_of_job(row, drafts, tenant)
    # Requests that are known by a job only still have a place: above it.
    for key in [key for key, draft in drafts.items() if draft.kind == "request"]:
        draft = drafts[key]
        request = key.partition(":")[2]
        first = first_of_request.get(request)
        draft.row = first
        if first is not None:
            draft.at_us = first.occurred_us
        if first is not None and first.session_id:
            draft.parent = _node(drafts, "session", first.session_id)
        elif request in jobs_of_request:
            draft.parent = f"job:{jobs_of_request[request]}"
        elif first is not None:
            draft.parent = _actor(drafts, first, tenant)
    for key in [key for key, draft in drafts.items() if draft.kind == "session"]:
        opener = tied.openers.get(key.partition(":")[2])
        if opener is not None:
            drafts[key].row, drafts[key].at_us = opener, opener.occurred_us
            drafts[key].parent = _actor(drafts, opener, tenant)
    return drafts


def _holder(row: Row, job_id: str, drafts: dict[str, _Draft], tenant: str) -> str:
    """What the event itself hangs under."""
    if job_id:
        return _node(drafts, "job", job_id)
    if row.request_id:
        return _node(drafts, "request", row.request_id)
    if row.session_id:
        return _node(drafts, "session", row.session_id)
    return _actor(drafts, row, tenant)


def _cause_of_job(row: Row, drafts: dict[str, _Draft], tenant: str) -> str:
    job = jobs.job_of(row)
    for other in (job.parent, job.root):
        if other and other != job.id:
            return _node(drafts, "job", other)
    if row.request_id:
        return _node(drafts, "request", row.request_id)
    return _actor(drafts, row, tenant, behalf=True)


def _node(drafts: dict[str, _Draft], kind: Kind, name: str) -> str:
    key = f"{kind}:{name}"
    if key not in drafts:
        drafts[key] = _Draft(kind, name)
    return key


def _actor(drafts: dict[str, _Draft], row: Row, tenant: str, *, behalf: bool = False) -> str:
    other = jobs.behalf_of(row) if behalf else ""
    if other:
        name, kind = other, "user"
    else:
        name = row.actor_email or row.actor_name or row.actor_id or f"system@{tenant}"
        kind = row.kind or "system"
    key = f"actor:{kind}:{name}"
    if key not in drafts:
        drafts[key] = _Draft("actor", name, at_us=row.occurred_us)
    return key


def _cut_loops(drafts: dict[str, _Draft]) -> bool:
    """Ends every walk upwards: a node whose parents lead back to it becomes a root."""
    found = False
    safe: set[str] = set()
    for start in drafts:
        walked: list[str] = []
        key: str | None = start
        while key is not None and key not in safe:
            if key in walked:
                # The earliest of the loop is its top: the others came after it.
                loop = walked[walked.index(key) :]
                top = min(loop, key=lambda one: (drafts[one].at_us or 0, one))
                drafts[top].parent, drafts[top].cut = None, True
                found = True
                break
            walked.append(key)
            key = drafts[key].parent
        safe.update(walked)
    return found


def _in_order(drafts: dict[str, _Draft], first_root: str) -> list[Node]:
    children: dict[str | None, list[str]] = defaultdict(list)
    for key, draft in drafts.items():
        children[draft.parent].append(key)

    def order(key: str) -> tuple[bool, int, int]:
        draft = drafts[key]
        return (key != first_root, draft.at_us or 0, draft.row.idx if draft.row else 0)

    nodes: list[Node] = []
    waiting = [(key, 0) for key in sorted(children[None], key=order, reverse=True)]
    while waiting:
        key, depth = waiting.pop()
        nodes.append(_shown(key, drafts[key], depth))
        waiting += [(one, depth + 1) for one in sorted(children[key], key=order, reverse=True)]
    return nodes


def _shown(key: str, draft: _Draft, depth: int) -> Node:
    with_event = draft.kind in ("event", "session", "job")
    return Node(
        key=key,
        kind=draft.kind,
        parent=draft.parent,
        depth=depth,
        label=draft.label,
        at=None if draft.at_us is None else _moment(draft.at_us),
        event=row_to_json(draft.row) if with_event and draft.row is not None else None,
        missing=draft.kind in ("job", "request", "session") and draft.row is None,
        cut=draft.cut,
    )


def _because(
    drafts: dict[str, _Draft], path: list[str], nodes: list[Node]
) -> dict[str, Any] | None:
    """The first event of the topmost request on the way, by somebody outside the system."""
    outside = ("user", "api_key", "external", "service")
    requests = [key for key in path if key.startswith("request:")]
    for request in requests:
        for node in nodes:
            row = drafts[node.key].row
            if node.kind == "event" and node.parent == request and row and row.kind in outside:
                return node.event
    return None


def _moment(us: int) -> str:
    try:
        return format_us(us)
    except OverflowError:  # a week beyond the first or last year that can be written
        return format_us(max(-62_135_596_800_000_000, min(253_402_300_799_000_000, us)))
