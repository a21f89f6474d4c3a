"""Values of rows as an event can hold them; shared by the hooks of data layers."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from indelible.client import Change, Indelible, Target
from indelible.client.context import Holder, Touched, hold, release
from indelible.client.fields import EventFields

NAMES = ("name", "title", "label", "email", "username", "slug")
"""Columns by which people know a row, where the model names none itself."""


class RowChange(msgspec.Struct, frozen=True):
    """
    One row that was changed, or one statement over many of them.

    `count` is set for a statement whose rows were too many, or unknown, to be told one by one.
    """

    verb: str
    noun: str
    target: Target
    changes: list[Change]
    holder: Holder | None
    count: int | None = None
    metadata: dict[str, Any] = {}


def shown(value: Any) -> Any:
    """The value in a form that JSON has; bytes become their length and a short hash."""
    if isinstance(value, memoryview | bytearray):
        value = bytes(value)
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()[:16]}
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    return value


def as_text(value: Any) -> str:
    """A key of a row as the id of a target."""
    return value.hex() if isinstance(value, bytes) else str(value)


def fields_of(row: RowChange) -> tuple[str, EventFields]:
    """The row as an event of its own."""
    holder = row.holder
    past = "Created" if row.verb == "Create" else row.verb.rstrip("e") + "ed"
    fields: EventFields = {
        "method": f"Row{past}",
        "endpoint": None if holder is None else holder.content.get("endpoint"),
        "outcome": "success",
        "targets": [row.target],
        "changes": row.changes or None,
        "metadata": _metadata(row) or None,
    }
    return f"{row.verb}{row.noun}", fields


def tell_row(client: Indelible, row: RowChange) -> None:
    """Joins the row to the request that made it, or records it as an event of its own."""
    holder = row.holder
    if holder is not None and holder.collects:
        changes = row.changes
        if row.count is not None:
            text = f"({row.verb.lower()} statement)"
            changes = [Change(path=text, after={"rows": row.count})]
        holder.touched.append(Touched(row.target, changes))
        return
    operation, fields = fields_of(row)
    # Told when the transaction ends, in the name of whoever acted when the row was written.
    token = hold(holder) if holder is not None else None
    try:
        client.record(operation, **fields)
    finally:
        if token is not None:
            release(token)


def _metadata(row: RowChange) -> dict[str, Any]:
    if row.count is None:
        return row.metadata
    return {**row.metadata, "bulk": True, "rows": row.count}
