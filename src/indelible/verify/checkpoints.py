"""
Checks signed checkpoints with the log's own keys.

The keys are those of the genesis entry and of keys entries, which lie in the tree themselves, or
the one given from outside. A key out of the log proves only that one and the same key signed it
all: who must not trust the folder pins the key.
"""

from __future__ import annotations

from collections.abc import Sequence

from indelible.errors import Error, MalformedProof
from indelible.tlog.checkpoint import Checkpoint
from indelible.tlog.note import parse_note
from indelible.tlog.signature import MLDSA44, VerifierKey, encode_vkey, open_checkpoint, parse_vkey
from indelible.verify.source import CheckpointRow

_US_PER_S = 1_000_000


class CheckpointChecker:
    """The log keys known so far, and what they signed. Owned by one check."""

    def __init__(self, origin: str, pinned: Sequence[VerifierKey]) -> None:
        self._origin = origin
        self._pinned = tuple(pinned)
        # (key, size from which on it may sign)
        self._keys: list[tuple[VerifierKey, int]] = [(key, 0) for key in pinned]

    def add_genesis(self, vkeys: Sequence[str]) -> list[str]:
        """Takes the keys of the genesis entry; returns what is wrong with them, in words."""
        keys, faults = self._parse(vkeys)
        if not self._pinned:
            self._keys += [(key, 0) for key in keys]
            return faults
        for pin in self._pinned:
            if pin not in keys:
                faults.append(f"the pinned key {encode_vkey(pin)[:60]} is not one of this log")
        return faults

    def add_keys(self, vkeys: Sequence[str], not_before: int) -> list[str]:
        """Takes the log keys of a keys entry: they may sign sizes above `not_before`."""
        keys, faults = self._parse(vkeys)
        self._keys += [(key, not_before) for key in keys]
        return faults

    @property
    def keys(self) -> list[VerifierKey]:
        """All log keys known so far."""
        return list(dict.fromkeys(key for key, _ in self._keys))

    def check(self, row: CheckpointRow) -> Checkpoint:
        """The checkpoint in a row. Raises Error when it must not be trusted."""
        note = row.note.encode()
        keys = [key for key, start in self._keys if start < row.size or start == 0]
        checkpoint, opened = open_checkpoint(note, self._origin, list(dict.fromkeys(keys)))
        if checkpoint.size != row.size:
            raise MalformedProof(f"it is signed for size {checkpoint.size}")
        if checkpoint.extensions:
            raise MalformedProof("it has extension lines, which not every signature covers")
        signed = {key for key, _ in opened.signers}
        known = {(key.name, key.key_id) for key in keys}
        strange = any((line.name, line.key_id) not in known for line in opened.note.signatures)
        if strange and any(key.supported and key not in signed for key in keys):
            raise MalformedProof("a line is signed by no known key, where one of the log's is due")
        for key, time_s in opened.signers:
            stored_s = None if row.time_us is None else row.time_us // _US_PER_S
            if key.algorithm == MLDSA44 and stored_s not in (None, time_s):
                raise MalformedProof("its stored time is not the signed one")
        return checkpoint

    def signed_by(self, row: CheckpointRow) -> tuple[str, ...]:
        """The vkeys of known keys with a line in this checkpoint, for a report."""
        lines = {(line.name, line.key_id) for line in parse_note(row.note.encode()).signatures}
        keys = dict.fromkeys(key for key, _ in self._keys)
        return tuple(encode_vkey(key) for key in keys if (key.name, key.key_id) in lines)

    def _parse(self, vkeys: Sequence[str]) -> tuple[list[VerifierKey], list[str]]:
        keys, faults = [], []
        for text in vkeys:
            try:
                key = parse_vkey(text)
            except Error as error:
                faults.append(f"a key of the log cannot be read: {error}")
                continue
            if key.name == self._origin:
                keys.append(key)
            else:
                faults.append(f"a key of the log has the name {key.name!r}")
        return keys, faults
