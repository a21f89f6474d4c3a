"""
Looks through every part of every event of a ledger for a person.

Reads the truth itself, not the index: what is found here is all that is stored. Goes piece by
piece, so that most bytes are only decompressed and looked over once, and in short read
transactions, so that the writer's log is never held back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from indelible.errors import StorageError
from indelible.event.parts import decode_fact, decode_person
from indelible.seal import CONTENT, ERASURE, EVENT, FACT, PERSON
from indelible.server.ledger.held import Held
from indelible.server.ledger.pieces import PieceReader
from indelible.server.ledger.reader import LedgerReader
from indelible.server.ledger.schema import open_ledger
from indelible.server.retention.subject import Identifier, Kind, Matcher

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
    known: tuple[Identifier, ...] = ()

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
        return given + [Identifier("alias", alias) for _, alias in self._aliases(tenant_id, given)]

    def subjects(self, tenant_id: int, given: list[Identifier]) -> list[str]:
        """The ids for which the ledger has a pseudonym, as they were sent."""
        return [subject for subject, _ in self._aliases(tenant_id, given)]

    def _aliases(self, tenant_id: int, given: list[Identifier]) -> list[tuple[str, str]]:
        # By the same rules as in parts of events: `mailto:ana@…` is ana's, too.
        matcher = Matcher(given)
        with closing(open_ledger(self._path, read_only=True)) as connection:
            return [
                (subject, alias)
                for subject, alias in connection.execute(
                    "SELECT subject, alias FROM alias WHERE tenant = ?", (tenant_id,)
                )
                if matcher.matches(subject)
            ]

    def held(self, tenant_id: int) -> Held:
        """The holds of a tenant as the ledger has them now."""
        held = Held()
        with closing(open_ledger(self._path, read_only=True)) as connection:
            held.catch_up(connection, tenant_id)
        return held

    def records(self, tenant_id: int, start: int) -> list[tuple[int, bytes, bytes, bytes]]:
        """Erasure entries from `start` on: index, leaf, salt and bytes of the record."""
        with closing(open_ledger(self._path, read_only=True)) as connection:
            return connection.execute(
                "SELECT e.idx, e.leaf, r.salt, r.data FROM record r"
                " JOIN entry e ON e.tenant = r.tenant AND e.idx = r.idx"
                " WHERE r.tenant = ? AND r.idx >= ? AND substr(e.leaf, 5, 1) = ? ORDER BY e.idx",
                (tenant_id, start, bytes([ERASURE])),
            ).fetchall()

    def entries(
        self, reader: LedgerReader, tenant_id: int, indices: Sequence[int]
    ) -> Iterator[Hit]:
        """Single events as if the person stood in every part that they have."""
        for index in sorted(set(indices)):
            entry = reader.entry(tenant_id, index)
            there = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
            has = sum(part for part, data in there.items() if data is not None)
            if entry.leaf_type == EVENT and has:
                yield Hit(
                    index=index,
                    day=entry.day,
                    category_id=entry.category_id,
                    has=has,
                    paths={},
                    is_actor=False,
                )

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
            known = _named(has, paths, matcher)
            yield Hit(
                index=run.first + k,
                day=run.day,
                category_id=category,
                has=sum(has),
                paths=paths,
                is_actor=known is not None,
                known=known or (),
            )


def _named(
    has: dict[int, bytes], paths: dict[int, tuple[str, ...]], matcher: Matcher
) -> tuple[Identifier, ...] | None:
    """By what an event names its actor, if that is the person; else None."""
    if not paths.keys() & {PERSON, FACT} or FACT not in has:
        return None
    try:
        fact = decode_fact(has[FACT])
        person = decode_person(has.get(PERSON, b"{}"))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # who did it cannot be told; where the person stands was found all the same
    names: tuple[tuple[Kind, str | None], ...] = (
        ("email", person.email),
        ("id", person.actor_id or fact.actor_id),
        ("name", person.name),
    )
    found = [Identifier(kind, text) for kind, text in names if text]
    alias = fact.actor_id if person.actor_id is None else None
    if not any(matcher.matches(one.value) for one in found) and not (
        alias and matcher.matches(alias)
    ):
        return None
    if person.origin is not None and person.origin.ip:
        found.append(Identifier("address", person.origin.ip))
    return tuple(found)
