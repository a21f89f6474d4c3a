"""
Checkpoints: the signed statement of a log's size and root (C2SP tlog-checkpoint).

The body only; signing and checking it are in `signature`.
"""

from __future__ import annotations

import msgspec

from indelible.errors import MalformedProof
from indelible.tlog.merkle import HASH_SIZE, MAX_SIZE
from indelible.tlog.note import encode_base64, parse_base64, parse_decimal


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's origin, its size and its root. Extension lines are read, never written by us."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text of a checkpoint, final newline included."""
    lines = (
        checkpoint.origin,
        str(checkpoint.size),
        encode_base64(checkpoint.root),
        *checkpoint.extensions,
    )
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise MalformedProof("not a checkpoint that can be read back")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads the text of a checkpoint note. Raises MalformedProof."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise MalformedProof("a checkpoint is three or more non-empty lines")
    origin, size, root, *extensions = lines
    if any(c < " " for c in text.replace("\n", "")):
        raise MalformedProof("a checkpoint has control characters")
    value = parse_base64(root)
    if len(value) != HASH_SIZE:
        raise MalformedProof(f"a root of {len(value)} bytes cannot be")
    return Checkpoint(origin, parse_decimal(size, MAX_SIZE), value, tuple(extensions))
