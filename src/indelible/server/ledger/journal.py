"""
The erasure journal: which parts of which entries were declared erased, outside the database.

It lies with the guard and has numbers only. A backup from before an erasure holds what was erased
since; a new log that is made of it leaves that out, by this. Written before anything is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from indelible.codec import encode_json
from indelible.errors import SettingsError
from indelible.server.ledger.durable import write_durably


class Span(msgspec.Struct, frozen=True, order=True):
    """The bits of the parts that go from entries [first, first + count)."""

    first: int
    count: int
    parts: int


def journal_file(folder: Path, tenant_id: int) -> Path:
    """Where a tenant's journal lies in a guard folder."""
    return folder / f"{tenant_id}.erased"


def add_to_journal(folder: Path, tenant_id: int, spans: Iterable[Span]) -> None:
    """Adds spans; what is there already is not written again. Durable on return."""
    path = journal_file(folder, tenant_id)
    before = read_journal(path)
    after = sorted({*before, *spans})
    if after != sorted(before):
        write_durably(path, b"".join(encode_json(span) + b"\n" for span in after))


def read_journal(path: Path) -> list[Span]:
    """The spans of a journal, none where there is no file. Raises SettingsError."""
    try:
        return msgspec.json.Decoder(Span).decode_lines(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as cause:
        raise SettingsError(f"cannot read the erasure journal {path}: {cause}") from cause


def erased_parts(spans: Iterable[Span]) -> dict[int, int]:
    """Entry index → the parts that are erased."""
    found: dict[int, int] = {}
    for span in spans:
        for index in range(span.first, span.first + span.count):
            found[index] = found.get(index, 0) | span.parts
    return found
