"""
The `extra` of an offline proof: the leaf, and what of the event is disclosed with it.

Framing (spec/receipt.md): u16 length and leaf, three salts of 32 bytes, then three parts with u32
lengths; a part that is withheld or absent has the length 0xFFFFFFFF and a salt of zeros.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping

import msgspec

from indelible.errors import HashMismatch, MalformedProof
from indelible.seal.leaf import CONTENT, FACT, PERSON, EventLeaf, Leaf, parse_leaf
from indelible.seal.run import commitment

_PARTS = (FACT, PERSON, CONTENT)
_SALT_SIZE = 32
_NO_SALT = bytes(_SALT_SIZE)
_WITHHELD = 0xFFFF_FFFF


class Disclosure(msgspec.Struct, frozen=True):
    """A leaf with the salts and bytes of the parts that are shown, by part."""

    leaf: bytes
    salts: dict[int, bytes]
    parts: dict[int, bytes]

    def check(self) -> Leaf:
        """
        The leaf, once each shown part is the one it commits to.

        Raises:
            HashMismatch: a part or its salt was changed.
            MalformedProof: the leaf is not one, or a part is shown that it does not have.
        """
        leaf = parse_leaf(self.leaf)
        if not isinstance(leaf, EventLeaf):
            if self.parts:
                raise MalformedProof("parts are shown of an entry that has none")
            return leaf
        present = [part for part in _PARTS if leaf.header.parts & part]
        sealed = dict(zip(present, leaf.commitments, strict=True))
        for part, data in self.parts.items():
            if part not in sealed:
                raise MalformedProof(f"part {part} is shown, which the leaf does not have")
            if not hmac.compare_digest(commitment(part, self.salts[part], data), sealed[part]):
                raise HashMismatch(f"part {part} is not the one that was sealed")
        return leaf


def encode_extra(
    leaf: bytes, salts: Mapping[int, bytes], parts: Mapping[int, bytes | None]
) -> bytes:
    """
    The bytes of `extra`. Only parts whose bytes are given are disclosed.

    A salt is written only together with its part: alone it would let others guess at the content.
    """
    shown = {part: data for part in _PARTS if (data := parts.get(part)) is not None}
    pieces = [struct.pack(">H", len(leaf)), leaf]
    for part in _PARTS:
        salt = salts.get(part, b"") if part in shown else _NO_SALT
        if len(salt) != _SALT_SIZE or (part in shown and salt == _NO_SALT):
            raise ValueError(f"part {part} cannot be shown without its salt")
        pieces.append(salt)
    for part in _PARTS:
        data = shown.get(part)
        pieces += [struct.pack(">I", _WITHHELD if data is None else len(data)), data or b""]
    return b"".join(pieces)


def parse_extra(data: bytes) -> Disclosure:
    """Reads the whole of an `extra`; does not check it yet. Raises MalformedProof."""
    try:
        (length,) = struct.unpack_from(">H", data)
        at = 2 + length
        leaf = data[2:at]
        fields = [data[at + k * _SALT_SIZE : at + (k + 1) * _SALT_SIZE] for k in range(3)]
        at += 3 * _SALT_SIZE
        salts: dict[int, bytes] = {}
        parts: dict[int, bytes] = {}
        for part, salt in zip(_PARTS, fields, strict=True):
            (length,) = struct.unpack_from(">I", data, at)
            at += 4
            if (length == _WITHHELD) != (salt == _NO_SALT):
                raise MalformedProof(f"part {part} has a salt without bytes, or bytes without one")
            if length != _WITHHELD:
                salts[part], parts[part] = salt, data[at : at + length]
                at += length
    except struct.error as error:
        raise MalformedProof("the extra of the proof is cut off") from error
    if at != len(data):
        raise MalformedProof("the extra of the proof has the wrong length")
    return Disclosure(leaf, salts, parts)
