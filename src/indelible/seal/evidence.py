"""
The lines of an evidence bundle: events with their leaves and salts, and the rest of the tree as
hashes, from left to right (spec/evidence.md). Pure; nothing is checked here but the form.

Head, then entries and subtrees that together cover the whole tree, then the end.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from indelible.errors import MalformedProof
from indelible.seal.leaf import CONTENT, FACT, PERSON

EVIDENCE: Final = "indelible/evidence/v1"
START: Final = b'{"is":"head","format":"indelible/evidence/'
"""What every bundle begins with, of whichever version."""


class Head(msgspec.Struct, frozen=True, tag_field="is", tag="head", forbid_unknown_fields=True):
    """The signed checkpoint, verbatim, and what the maker says of the bundle, unproven."""

    format: Literal["indelible/evidence/v1"]
    origin: str
    size: int
    checkpoint: str
    statement: dict[str, Any]


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a part, exactly as it was sealed, and its salt."""

    salt: bytes
    text: str


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record that an erasure or a hold commits to, and its salt."""

    salt: bytes
    data: bytes


class EntryLine(
    msgspec.Struct,
    frozen=True,
    tag_field="is",
    tag="entry",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """One entry: its leaf, and of an event the parts that are shown."""

    index: int
    leaf: bytes
    fact: Shown | None = None
    person: Shown | None = None
    content: Shown | None = None
    record: Recorded | None = None

    @property
    def parts(self) -> dict[int, Shown]:
        """The parts that are shown."""
        named = {FACT: self.fact, PERSON: self.person, CONTENT: self.content}
        return {part: shown for part, shown in named.items() if shown is not None}


class SubtreeLine(
    msgspec.Struct, frozen=True, tag_field="is", tag="subtree", forbid_unknown_fields=True
):
    """The next 2^level entries, which are not shown, as the hash over them."""

    level: int
    hash: bytes


class End(msgspec.Struct, frozen=True, tag_field="is", tag="end", forbid_unknown_fields=True):
    """What came before it: a bundle without its end is not whole."""

    entries: int
    events: int
    subtrees: int


Line = Head | EntryLine | SubtreeLine | End

_encode: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


def encode_line(line: Line) -> bytes:
    """One line with its end."""
    return _encode(line) + b"\n"


def parse_line(data: bytes) -> Line:
    """Reads one line. Raises MalformedProof."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedProof(f"not a line of an evidence bundle: {error}") from error
