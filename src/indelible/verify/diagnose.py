"""
Finds out what was changed in an event whose leaf hash is not that of the tree.

The tree holds one hash over the event's header and the commitments to its parts. Trying what could
have been there before tells the part, when the change is small; otherwise all candidates are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from indelible.seal import ALL_PARTS, CONTENT, FACT, PERSON, commitment, event_header
from indelible.verify.sealed import PART_NAMES, Opened, is_json

# Hashes that one check may spend on trying, about a quarter of a second; enough for one event.
_TRIES = 150_000
_TRIES_PER_EVENT = 120_000
_DAYS_AROUND = 400
_CONTROL_END = 0x20


class Diagnosis:
    """Owned by one check; the effort for all its findings together is bounded."""

    def __init__(self) -> None:
        self._tries_left = _TRIES

    def explain(
        self, opened: Opened, k: int, right: bytes, day_hint: int, fate: Mapping[int, bool]
    ) -> tuple[str, str]:
        """
        The part that was changed and a reason; `right` is the leaf hash of position k.

        `fate` tells of positions of the run whether they are altered, as far as they are judged.
        """
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
            if (
                sha256(b"\x00" + event_header(parts, other, opened.run.day) + sealed).digest()
                == right
            ):
                return "header", f"its category was {other}, now {category}"
        shared = [part for part in wanted if _all_altered(opened, category, part, fate)]
        if shared:
            joined = _names(shared)
            return joined, f"the piece that holds its {joined} was changed, its seed above all"
        found = self._one_byte(opened, k, right, stored, commitments)
        if found is not None:
            return found
        joined = _names(wanted)
        return joined, f"its {joined} was changed, or the salts were"

    def _one_byte(
        self,
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
        left = min(self._tries_left, _TRIES_PER_EVENT)
        for which, (part, salt, data) in enumerate(stored):
            before = head + b"".join(commitments[:which])
            after = b"".join(commitments[which + 1 :])
            tag = bytes([part])
            for at in range(len(data)):
                left -= 256 - _CONTROL_END
                if left < 0:
                    return None
                self._tries_left -= 256 - _CONTROL_END
                start, end = salt + tag + data[:at], data[at + 1 :]
                # JSON as we write it has no control characters.
                for value in range(_CONTROL_END, 256):
                    sealed = sha256(start + bytes((value,)) + end).digest()
                    if sha256(before + sealed + after).digest() == right:
                        name = PART_NAMES[part]
                        was, now = bytes([value]), data[at : at + 1]
                        return name, f"byte {at} of its {name} was {was!r}, now {now!r}"
        return None


def _all_altered(opened: Opened, category: int, part: int, fate: Mapping[int, bool]) -> bool:
    """Whether several events share this piece, and every one of them is altered."""
    sharing = [
        fate[k]
        for k, (parts, other) in enumerate(opened.layout)
        if other == category and parts & part and k in fate
    ]
    return len(sharing) > 1 and all(sharing)


def _names(parts: list[int]) -> str:
    names = [PART_NAMES[part] for part in parts]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
