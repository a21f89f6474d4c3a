"""
Finds out what was changed in an event whose leaf hash is not that of the tree.

The tree holds one hash over the event's header and the commitments to its parts. Trying what could
have been there before tells the part, when the change is small; otherwise all candidates are named.
"""

from __future__ import annotations

from hashlib import sha256

from indelible.seal import ALL_PARTS, CONTENT, FACT, PERSON, commitment, event_header
from indelible.verify.sealed import PART_NAMES, Opened, is_json

# About half a second of trying per event at most.
_MAX_TRIES = 400_000
_DAYS_AROUND = 400
_CONTROL_END = 0x20


def diagnose(opened: Opened, k: int, right: bytes, day_hint: int) -> tuple[str, str]:
    """The part that was changed and a reason, for position k of a run; `right` is its leaf hash."""
    parts, category = opened.layout[k]
    wanted = [part for part in (FACT, PERSON, CONTENT) if parts & part]
    stored: list[tuple[int, bytes, bytes]] = []
    for part in wanted:
        data = opened.part(k, part)
        if data is None:
            return PART_NAMES[part], f"its {PART_NAMES[part]} cannot be read"
        stored.append((part, opened.salts[category, part][32 * k : 32 * k + 32], data))
    commitments = [commitment(*item) for item in stored]

    broken = [part for part, _, data in stored if not is_json(data)]
    if len(broken) == 1:
        name = PART_NAMES[broken[0]]
        return name, f"its {name} was changed and is not readable any more"
    sealed = b"".join(commitments)
    for day in range(max(0, day_hint - _DAYS_AROUND), day_hint + _DAYS_AROUND):
        if sha256(b"\x00" + event_header(parts, category, day) + sealed).digest() == right:
            return "header", f"the day of its run was {day}, now {opened.run.day}"
    for other in sorted({c for _, c in opened.layout} | set(range(1, 64))):
        if sha256(b"\x00" + event_header(parts, other, opened.run.day) + sealed).digest() == right:
            return "header", f"its category was {other}, now {category}"
    found = _one_byte(opened, k, right, stored, commitments)
    if found is not None:
        return found
    names = [PART_NAMES[part] for part in wanted]
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return joined, f"its {joined}, or their salts, were changed"


def _one_byte(
    opened: Opened,
    k: int,
    right: bytes,
    stored: list[tuple[int, bytes, bytes]],
    commitments: list[bytes],
) -> tuple[str, str] | None:
    """Tries every other value of every single byte; None when more than one was changed."""
    parts, category = opened.layout[k]
    if parts & ~ALL_PARTS:
        return None
    head = b"\x00" + event_header(parts, category, opened.run.day)
    tries = 0
    for which, (part, salt, data) in enumerate(stored):
        before = head + b"".join(commitments[:which])
        after = b"".join(commitments[which + 1 :])
        tag = bytes([part])
        for at in range(len(data)):
            tries += 255
            if tries > _MAX_TRIES:
                return None
            start, end = salt + tag + data[:at], data[at + 1 :]
            # JSON as we write it has no control characters.
            for value in range(_CONTROL_END, 256):
                sealed = sha256(start + bytes((value,)) + end).digest()
                if sha256(before + sealed + after).digest() == right:
                    name = PART_NAMES[part]
                    reason = (
                        f"byte {at} of its {name} was {bytes([value])!r}, now {data[at : at + 1]!r}"
                    )
                    return name, reason
    return None
