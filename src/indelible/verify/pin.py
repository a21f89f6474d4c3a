"""
The pin file: the last checkpoint that was verified, kept by whoever verifies.

With it a later check also proves that the log only grew since, and was signed by the same keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from indelible.tlog.signature import VerifierKey, encode_vkey, parse_vkey
from indelible.verify.source import CannotCheck


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of one log."""

    origin: str
    size: int
    root: str
    keys: tuple[str, ...]

    def verifier_keys(self) -> list[VerifierKey]:
        """The keys that signed it. Raises MalformedProof."""
        return [parse_vkey(text) for text in self.keys]


def read_pins(path: Path) -> dict[str, Pin]:
    """Pins by origin; none when there is no file yet. Raises CannotCheck."""
    try:
        pins = msgspec.json.decode(path.read_bytes(), type=list[Pin])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CannotCheck(f"cannot read the pin file {path}: {error}") from error
    return {pin.origin: pin for pin in pins}


def write_pin(path: Path, origin: str, size: int, root: str, keys: Sequence[VerifierKey]) -> None:
    """Remembers a checkpoint, in place of an older one of the same log; others stay."""
    pins = read_pins(path)
    pins[origin] = Pin(origin, size, root, tuple(encode_vkey(key) for key in keys))
    data = msgspec.json.format(msgspec.json.encode(sorted(pins.values(), key=lambda p: p.origin)))
    part = path.with_name(path.name + ".part")
    part.write_bytes(data + b"\n")
    part.replace(path)
