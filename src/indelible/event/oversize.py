"""
Cuts down an event over the size limit while it is still bytes.

Decoding 32 MiB of `[],[],…` would make a gigabyte of Python objects; what has too many parts is
left out before that, and named in the marks.
"""

from __future__ import annotations

import msgspec

from indelible.event.model import MAX_EVENT_BYTES

_SMALL_BYTES = 64 * 1024
_MANY_PARTS = 10_000
_FREE_PARTS = frozenset({"metadata", "changes"})
# An honest event of the largest size has fewer brackets, strings and commas than this.
_MOST_PARTS = 300_000


class _Members(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fields of an event, not decoded. An unknown key stops the decoder at once."""

    operation: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    stream: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    category: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    method: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    endpoint: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    status: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    outcome: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    occurred_at: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    actor: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    origin: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    targets: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    changes: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    context: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    job: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    severity: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    reason: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Members).decode


def cut_down(raw: bytes, marks: list[str]) -> bytes:
    """
    The event without the members that have too many parts to be decoded; `marks` names them.

    Raises:
        msgspec.ValidationError: an unknown key, no object.
        ValueError: ill-formed and with too many parts to be mended.
    """
    try:
        members = _decode(raw)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # Ill-formed somewhere, so the members cannot be told apart at this speed.
        if _parts(raw) > _MOST_PARTS:
            raise ValueError(
                f"over {MAX_EVENT_BYTES // 1024} KiB, ill-formed, and more than"
                f" {_MOST_PARTS} values"
            ) from None
        return raw
    left_out: dict[str, msgspec.Raw] = {}
    for name in members.__struct_fields__:
        value = getattr(members, name)
        if value is msgspec.UNSET:
            continue
        data = bytes(value)
        limit = MAX_EVENT_BYTES if name in _FREE_PARTS else _SMALL_BYTES
        if data[:1] in (b"[", b"{") and len(data) > limit and _parts(data) > _MANY_PARTS:
            marks.append(f"{name}: left out, {len(data)} bytes are too many")
            left_out[name] = msgspec.Raw(b"[]" if data[:1] == b"[" else b"{}")
    if not left_out:
        return raw
    return msgspec.json.encode(msgspec.structs.replace(members, **left_out))


def _parts(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")
