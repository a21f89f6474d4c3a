"""
What travels with a job from where it is queued to where it runs: who caused it, and the trace.

A plain dict of JSON values, so that every queue can carry it. Secrets are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from indelible.client.context import Holder, current
from indelible.client.fields import as_record

KEY = "indelible"
"""The name under which hooks put it into headers, options, labels and metadata."""

_IDS = ("request_id", "session_id", "trace_id")


def pack() -> dict[str, Any]:
    """The present who and where, as JSON values; empty outside of any context."""
    holder = current()
    if holder is None:
        return {}
    carried: dict[str, Any] = {
        name: value for name in _IDS if (value := getattr(holder, name)) is not None
    }
    # A job that queues another is not the person: the one in whose name it runs is.
    person = holder.who() if holder.on_behalf_of is None else holder.on_behalf_of
    if person is not None:
        carried["person"] = _plain(person)
    if holder.job is not None:
        job = as_record(holder.job)
        carried["parent_id"] = job.get("id")
        carried["root_id"] = job.get("root_id") or job.get("id")
    return {name: value for name, value in carried.items() if value is not None}


def unpack(carried: object, holder: Holder) -> dict[str, Any]:
    """
    Puts what travelled into the holder; returns `parent_id` and `root_id` of the job if known.

    What came is read with care: a queue may hold anything.
    """
    if not isinstance(carried, Mapping):
        return {}
    for name in _IDS:
        if isinstance(carried.get(name), str):
            setattr(holder, name, carried[name])
    person = carried.get("person")
    if isinstance(person, Mapping):
        fields = ("kind", "id", "email", "name")
        known = {name: person[name] for name in fields if isinstance(person.get(name), str)}
        holder.on_behalf_of = known or None
    ids = ("parent_id", "root_id")
    return {name: carried[name] for name in ids if isinstance(carried.get(name), str)}


def _plain(person: Any) -> dict[str, Any]:
    """Kind, id, e-mail and name only; whoever acts for another is not passed on twice."""
    record = msgspec.to_builtins(as_record(person), str_keys=True)
    fields = ("kind", "id", "email", "name")
    return {name: record[name] for name in fields if record.get(name) is not None}
