"""
Signed notes: a text with signature lines (C2SP signed-note).

Form only; what the signatures mean is in `signature`. Parsing is strict: `encode_note` of a parsed
note gives back its bytes, or the parser refuses them.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from indelible.errors import MalformedProof

# The specification asks for at least 16; a post-quantum line is 3.3 kB.
MAX_SIGNATURES = 100
MAX_NOTE = 1_000_000
_MARK = "— "  # em dash, space
KEY_ID_SIZE = 4


class SignatureLine(msgspec.Struct, frozen=True):
    """One signature line: the name of its key, the key's id, and what the algorithm wrote."""

    name: str
    key_id: bytes
    payload: bytes


class Note(msgspec.Struct, frozen=True):
    """A text, final newline included, and its signature lines in order."""

    text: str
    signatures: tuple[SignatureLine, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What an Ed25519 note signature signs: the text without the blank line after it."""
        return self.text.encode()


def check_key_name(name: str) -> str:
    """The name itself, if it may name a key: not empty, no Unicode space, no plus sign."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise MalformedProof(f"not a key name: {name!r}")
    return name


def encode_signature_line(line: SignatureLine) -> str:
    """The line with its newline."""
    check_key_name(line.name)
    if len(line.key_id) != KEY_ID_SIZE or not line.payload:
        raise MalformedProof("a signature line needs a key id of 4 bytes and a signature")
    return f"{_MARK}{line.name} {encode_base64(line.key_id + line.payload)}\n"


def parse_signature_line(line: str) -> SignatureLine:
    """Reads one line with its newline. Raises MalformedProof."""
    if not line.startswith(_MARK) or not line.endswith("\n"):
        raise MalformedProof("not a signature line")
    name, space, coded = line[len(_MARK) : -1].partition(" ")
    data = parse_base64(coded)
    if not space or len(data) <= KEY_ID_SIZE:
        raise MalformedProof("not a signature line")
    return SignatureLine(check_key_name(name), data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def encode_note(note: Note) -> bytes:
    """The note's bytes. Raises MalformedProof when the text cannot be signed."""
    _check_text(note.text)
    if not 1 <= len(note.signatures) <= MAX_SIGNATURES:
        raise MalformedProof(f"a note has 1 to {MAX_SIGNATURES} signatures")
    lines = "".join(encode_signature_line(line) for line in note.signatures)
    return f"{note.text}\n{lines}".encode()


def parse_note(data: bytes) -> Note:
    """Reads a whole signed note. Raises MalformedProof."""
    if len(data) > MAX_NOTE:
        raise MalformedProof("the note is too long")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedProof("the note is not UTF-8") from error
    # The blank line is the last empty line: the text itself may have empty lines.
    split = whole.rfind("\n\n")
    if split < 0:
        raise MalformedProof("the note has no signatures")
    text, rest = whole[: split + 1], whole[split + 2 :]
    _check_text(text)
    if not rest.endswith("\n") or rest.count("\n") > MAX_SIGNATURES:
        raise MalformedProof("the note's signature lines are cut off or too many")
    lines = tuple(parse_signature_line(line + "\n") for line in rest[:-1].split("\n"))
    return Note(text, lines)


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def parse_base64(text: str) -> bytes:
    """Reads exactly what `encode_base64` writes: one spelling per value. Raises MalformedProof."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedProof("not base64") from error
    if encode_base64(data) != text:
        raise MalformedProof("not the one base64 spelling of its value")
    return data


def parse_decimal(text: str, limit: int) -> int:
    """Reads a number in plain decimal, without sign or leading zeros. Raises MalformedProof."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or str(int(text)) != text:
        raise MalformedProof(f"not a decimal number: {text[:40]!r}")
    value = int(text)
    if value > limit:
        raise MalformedProof(f"the number is too large: {text}")
    return value


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise MalformedProof("the text of a note ends with a newline")
    if any(c < " " and c != "\n" for c in text):
        raise MalformedProof("the text of a note has control characters")
