"""One entry of the ledger as the API shows it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from indelible.clock import US_PER_DAY, format_us
from indelible.errors import NotFound, StorageError
from indelible.event import event_to_json, join
from indelible.seal import CONTENT, EVENT, FACT, PERSON
from indelible.server.ledger.reader import Entry

_TYPES: Final = {
    1: "event",
    2: "erasure",
    3: "expiry",
    4: "policy",
    5: "hold",
    6: "keys",
    7: "genesis",
}
_PARTS: Final = ((FACT, "fact"), (PERSON, "person"), (CONTENT, "content"))


def event_of_entry(entry: Entry) -> dict[str, Any]:
    """
    The event of an entry in the shape of api.md (Read).

    Raises NotFound when the entry is no event or its fact is gone, StorageError when the bytes
    cannot be read.
    """
    if entry.leaf_type != EVENT or entry.fact is None:
        raise NotFound(f"entry {entry.index} has no event to show")
    try:
        event = join(entry.fact, entry.person, entry.content)
    except (msgspec.MsgspecError, ValueError) as cause:
        raise StorageError(
            f"entry {entry.index} cannot be read", hint="run `indelible verify` on the data folder"
        ) from cause
    return event_to_json(event, index=entry.index, leaf_hash=entry.leaf_hash, state=_state(entry))


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Type, day, category and hash of an entry; the event of an event, the leaf of the others."""
    shown: dict[str, Any] = {
        "index": entry.index,
        "type": _TYPES.get(entry.leaf_type, "unknown"),
        "category_id": entry.category_id,
        "day": format_us(entry.day * US_PER_DAY)[:10],
        "leaf_hash": entry.leaf_hash.hex(),
        "event": None,
        "leaf": None,
    }
    if entry.leaf_type == EVENT:
        shown["state"] = _state(entry)
        if entry.fact is not None:
            shown["event"] = event_of_entry(entry)
    elif entry.leaf is not None:
        shown["leaf"] = entry.leaf.hex()
    return shown


def _state(entry: Entry) -> dict[str, str]:
    here = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
    return {
        name: "erased" if entry.parts & bit and here[bit] is None else "present"
        for bit, name in _PARTS
    }
