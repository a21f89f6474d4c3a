"""
One event of the ledger as somebody sees it from whom parts are hidden.

It is put together without the hidden parts, so that what they hold is never in it; then it is made
to look as in a list, where `index/seen.py` does the same to rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from indelible.event import decode_fact, decode_person
from indelible.event.parts import Fact, endpoint_template
from indelible.server.index.seen import MASKED, Part
from indelible.server.ledger.reader import Entry
from indelible.server.query.entry import entry_to_json, event_of_entry

_ORIGIN: Final = ("ip", "peer_ip", "device_id", "user_agent")
_SIGNS: Final = re.compile(r"@|%40|\+|%2")


def masked_event(entry: Entry, masks: Iterable[Part]) -> dict[str, Any]:
    """The event of an entry through masks. Raises what `event_of_entry` raises."""
    parts = _hidden_parts(entry, masks)
    shown = event_of_entry(_without(entry, parts))
    if not masks:
        return shown
    if "content" in parts and entry.content is not None:
        shown["state"]["content"] = "masked"
    if "person" in parts:
        if entry.person is not None:
            _hide_person(shown, entry.person)
        for name in ("reason", "metadata", "changes"):
            shown[name] = _clean(shown[name])
        for target in shown["targets"]:
            target["name"] = _clean(target["name"])
    return shown


def masked_entry(entry: Entry, masks: Iterable[Part]) -> dict[str, Any]:
    """
    An entry as `entry_to_json` shows it, through masks.

    Of what is no event the bytes are left out: a request to erase somebody names them.
    """
    if not masks:
        return entry_to_json(entry)
    shown = entry_to_json(_without(entry, _hidden_parts(entry, masks)))
    shown["leaf"] = None
    if shown["event"] is not None:
        shown["event"] = masked_event(entry, masks)
        shown["state"] = shown["event"]["state"]
    return shown


def _hidden_parts(entry: Entry, masks: Iterable[Part]) -> frozenset[Part]:
    """
    What of this entry is hidden: besides the masks, the content of Indelible's own events, which
    holds what others searched for.
    """
    hidden = frozenset(masks)
    if hidden and entry.fact is not None and _is_own(decode_fact(entry.fact)):
        return hidden | {"content"}
    return hidden


def _without(entry: Entry, parts: frozenset[Part]) -> Entry:
    return msgspec.structs.replace(entry, **dict.fromkeys(parts))


def _is_own(fact: Fact) -> bool:
    return (
        fact.context is not None
        and fact.context.source == "indelible"
        and fact.reported_by == "service"
        and fact.stream != "system"
    )


def _hide_person(event: dict[str, Any], part: bytes) -> None:
    """What the person part held is said to be masked; ids that stand in for it are left out."""
    person = decode_person(part)
    event["state"]["person"] = "masked"
    actor = event["actor"]
    if person.actor_id is not None:
        actor["id"] = None
    is_named = person.email or person.name or person.actor_id
    if is_named and not actor["id"]:
        actor["name"] = MASKED
    if actor["on_behalf_of"] is not None:
        actor["on_behalf_of"]["id"] = None
    if person.origin is not None:
        event["origin"] = dict.fromkeys(_ORIGIN)
    for position in person.target_ids or ():
        event["targets"][int(position)]["id"] = None


def _clean(value: Any) -> Any:
    """The value without e-mail addresses and phone numbers in its texts."""
    if isinstance(value, str):
        return endpoint_template(value) if _SIGNS.search(value) else value
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
