"""
How text is made comparable for search: one function for what is stored and for what is sought.

Folding is done here, in Python, and never by the engine, so that a search gives exactly what a
plain scan with the same function gives. Also: the marks that keep the pieces of the `text` column
apart, so that one column serves both "anywhere in the event" and "in this field only".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

FOLD_VERSION: Final = f"casefold/{unicodedata.unidata_version}"
"""Stored with the index: another Python may fold other letters, then the index is made anew."""

BREAK: Final = "\x1e"
"""Stands before each piece of the `text` column and after the last."""

# First character of a piece: which field it comes from.
ENDPOINT: Final = "\x01"
TARGET: Final = "\x02"  # its id
BEFORE: Final = "\x03"
BEHALF: Final = "\x04"
REQUEST: Final = "\x05"
SESSION: Final = "\x06"
JOB: Final = "\x07"
OTHER: Final = "\x08"
AFTER: Final = "\x0e"
TARGET_NAME: Final = "\x0f"
TRACE: Final = "\x10"
REASON: Final = "\x11"

_MARKS = re.compile(r"[\x01-\x08\x0e-\x11\x1e]")
_STAND_IN = "\ufffd"


def fold(text: str) -> str:
    """Text as it is compared: full Unicode case folding, and our marks replaced."""
    folded = text.casefold()
    return folded if folded.isprintable() else _MARKS.sub(_STAND_IN, folded)


def join_pieces(pieces: list[str], *, may_hold_marks: bool) -> str:
    """
    The `text` column of an event: its pieces, each `mark + text`, folded.

    `may_hold_marks` is False when the caller knows that no text holds a control character; then
    one pass over the joined text is enough.
    """
    if not pieces:
        return ""
    if may_hold_marks:
        pieces = [piece[0] + fold(piece[1:]) for piece in pieces]
        return BREAK + BREAK.join(pieces) + BREAK
    return (BREAK + BREAK.join(pieces) + BREAK).casefold()
