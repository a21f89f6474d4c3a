"""
Looks through every part of every event of a ledger for a person.

Reads the truth itself, not the index: what is found here is all that is stored. Goes piece by
piece, so that most bytes are only decompressed and looked over once, and in short read
transactions, so that the writer's log is never held back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from indelible.errors import StorageError
from indelible.event.parts import decode_fact, decode_person
from indelible.seal import CONTENT, FACT, PERSON
from indelible.server.ledger.pieces import PieceReader
from indelible.server.ledger.schema import open_ledger
from indelible.server.retention.subject import Identifier, Matcher

_RUNS = 64  # of one read transaction: at most 16,384 events
PART_NAMES = {FACT: "fact", PERSON: "person", CONTENT: "content"}


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """
    An event in which the person was found. `paths` has the places by part; `has` are the parts
    that are there; `is_actor` tells that the person did it: then its person part is all theirs.
    """

    index: int
    day: int
    category_id: int
    has: int
    paths: dict[int, tuple[str, ...]]
    is_actor: bool

    @property
    def found_in(self) -> int:
        """The bits of the parts in which the person stands."""
        return sum(self.paths)


class Scanner:
    """Reads one ledger file. Each scan has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def with_aliases(self, tenant_id: int, given: list[Identifier]) -> list[Identifier]:
        """The identifiers, and the pseudonyms that stand for them in facts."""
        with closing(open_ledger(self._path, read_only=True)) as connection:
            found = list(given)
            for one in given:
                rows = connection.execute(
                    "SELECT alias FROM alias WHERE tenant = ? AND lower(subject) = lower(?)",
                    (tenant_id, one.value),
                ).fetchall()
                found += [Identifier("alias", alias) for (alias,) in rows]
        return found

    def find(
        self,
        tenant_id: int,
        identifiers: list[Identifier],
        progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Hit]:
        """
        Every event in which one of them stands, in order. The ledger's end is fixed when it begins.

        Raises StorageError when stored bytes cannot be read: nobody may be told that there is
        nothing where it could not be looked.
        """
        matcher = Matcher(identifiers)
        pieces = PieceReader()
        with closing(open_ledger(self._path, read_only=True)) as connection:
            row = connection.execute(
                "SELECT size FROM head WHERE tenant = ?", (tenant_id,)
            ).fetchone()
            size = int(row[0]) if row else 0
            at = 0
            while True:
                try:
                    runs = _read(connection, tenant_id, at, size)
                except sqlite3.Error as cause:
                    raise StorageError(f"cannot read the ledger: {cause}") from cause
                for run in runs:
                    yield from _look(run, matcher, pieces)
                if len(runs) < _RUNS:
                    break
                at = runs[-1].first + 1
                if progress is not None:
                    progress(at, size)


class _Run(msgspec.Struct, frozen=True):
    first: int
    day: int
    layout: bytes
    pieces: list[tuple[int, int, bytes]]


def _read(connection: sqlite3.Connection, tenant_id: int, at: int, size: int) -> list[_Run]:
    connection.execute("BEGIN")
    try:
        rows = connection.execute(
            "SELECT first, day, layout FROM run WHERE tenant = ? AND first >= ? AND first < ?"
            " ORDER BY first LIMIT ?",
            (tenant_id, at, size, _RUNS),
        ).fetchall()
        found: dict[int, list[tuple[int, int, bytes]]] = {}
        if rows:
            for first, *piece in connection.execute(
                "SELECT first, category, part, data FROM piece"
                " WHERE tenant = ? AND first >= ? AND first <= ?",
                (tenant_id, rows[0][0], rows[-1][0]),
            ):
                found.setdefault(first, []).append((piece[0], piece[1], piece[2]))
    finally:
        connection.execute("COMMIT")
    return [_Run(first, day, layout, found.get(first, [])) for first, day, layout in rows]


def _look(run: _Run, matcher: Matcher, pieces: PieceReader) -> Iterator[Hit]:
    opened = {(category, part): pieces.raw(data) for category, part, data in run.pieces}
    if not any(map(matcher.may_be_in, opened.values())):
        return
    layout = pieces.layout(run.layout)
    items = {key: iter(pieces.split(raw)) for key, raw in opened.items()}
    for k, (parts, category) in enumerate(layout):
        has: dict[int, bytes] = {}
        for part in PART_NAMES:
            if parts & part and (category, part) in items:
                data = next(items[category, part], b"")
                if data:
                    has[part] = data
        paths = {part: found for part, data in has.items() if (found := matcher.paths(data))}
        if paths:
            yield Hit(
                index=run.first + k,
                day=run.day,
                category_id=category,
                has=sum(has),
                paths=paths,
                is_actor=_is_actor(has, paths, matcher),
            )


def _is_actor(has: dict[int, bytes], paths: dict[int, tuple[str, ...]], matcher: Matcher) -> bool:
    if PERSON in paths:
        person = decode_person(has[PERSON])
        if any(text and matcher.matches(text) for text in (person.email, person.actor_id)):
            return True
        if person.name and matcher.matches(person.name):
            return True
    if FACT in paths:
        actor_id = decode_fact(has[FACT]).actor_id
        return actor_id is not None and matcher.matches(actor_id)
    return False
