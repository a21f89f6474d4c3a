"""
Tells new events, duplicates and conflicts of a group apart (formats.md B, Duplicates).

Looks at what is stored and at what comes earlier in the same group; writes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec

from indelible.errors import StorageError
from indelible.event import Event, SentEvent, join, same_as_sent
from indelible.event.read import sent_fields
from indelible.seal import PartedEvent
from indelible.server.ledger.log import Staged, TenantLog
from indelible.server.ledger.reader import LedgerReader
from indelible.server.ledger.seen import key_of
from indelible.server.ledger.submission import Answer, Incoming, Receipt, Stored, Submission


class _New(msgspec.Struct):
    """An event to be stored, `position` in the plan's list."""

    position: int
    id: str
    conflict_of: str | None = None


class _SameAsNew(msgspec.Struct):
    """A duplicate of one that is stored by this very group."""

    position: int
    id: str


class _AllNew(msgspec.Struct, frozen=True):
    """A whole submission without any doubt: its events stand one after the other in the plan."""

    position: int
    items: Sequence[Incoming]


_Verdict = _New | _SameAsNew | Receipt


class Plan:
    """What to store for one tenant, and how to answer each submission afterwards."""

    def __init__(self, day: int) -> None:
        self.day = day
        self.events: list[PartedEvent] = []
        self._verdicts: list[tuple[Submission, list[_Verdict] | _AllNew]] = []
        self._keys: dict[int, tuple[list[int], list[int]]] = {}  # kind → keys, positions

    def keys_stored(self, first: int) -> Iterator[tuple[int, list[int], list[int]]]:
        """Per kind the keys of what is stored and their entry indices."""
        for kind, (keys, positions) in self._keys.items():
            yield kind, keys, [first + position for position in positions]

    def answers(self, staged: Staged | None, tree_size: int) -> dict[int, Answer]:
        """The answer to each submission, by its identity."""
        answers: dict[int, Answer] = {}
        first = staged.first if staged else 0
        hashes = staged.leaf_hashes if staged else []
        for submission, verdicts in self._verdicts:
            if isinstance(verdicts, _AllNew):
                at = verdicts.position
                receipts = [
                    Receipt(item.id, index, hash_)
                    for index, (item, hash_) in enumerate(
                        zip(verdicts.items, hashes[at : at + len(verdicts.items)], strict=True),
                        first + at,
                    )
                ]
            else:
                receipts = [_receipt(verdict, first, hashes) for verdict in verdicts]
            answers[id(submission)] = Stored(receipts, tree_size)
        return answers

    def add(self, submission: Submission, verdicts: list[_Verdict]) -> None:
        """Notes the verdicts of a whole submission."""
        self._verdicts.append((submission, verdicts))

    def add_all(self, submission: Submission) -> None:
        """Stores all events of a submission: the caller knows that they are new, keys and all."""
        at = len(self.events)
        items = submission.items
        self.events.extend([item.parted for item in items])
        keyed = [
            (item.key, position) for position, item in enumerate(items, at) if item.key is not None
        ]
        if keyed:
            keys, positions = self._keys.setdefault(submission.kind, ([], []))
            keys.extend([key for key, _ in keyed])
            positions.extend([position for _, position in keyed])
        self._verdicts.append((submission, _AllNew(at, items)))

    def store(self, kind: int, key: int | None, parted: PartedEvent) -> int:
        """Adds an event to be stored and returns its position."""
        position = len(self.events)
        self.events.append(parted)
        if key is not None:
            keys, positions = self._keys.setdefault(kind, ([], []))
            keys.append(key)
            positions.append(position)
        return position


def _receipt(verdict: _Verdict, first: int, hashes: list[bytes]) -> Receipt:
    if isinstance(verdict, Receipt):
        return verdict
    return Receipt(
        verdict.id,
        first + verdict.position,
        hashes[verdict.position],
        isinstance(verdict, _SameAsNew),
        verdict.conflict_of if isinstance(verdict, _New) else None,
    )


def make_plan(log: TenantLog, reader: LedgerReader, group: list[Submission]) -> Plan:
    """The plan for one tenant's submissions, in their order."""
    plan = Plan(max(submission.day for submission in group))
    keys = [item.key for submission in group for item in submission.items if item.key is not None]
    places = log.seen.places_of(keys) if keys else {}
    if not places and len(set(keys)) == len(keys):
        for submission in group:
            plan.add_all(submission)
        return plan
    new_here: dict[int, tuple[_New, PartedEvent]] = {}
    for submission in group:
        verdicts: list[_Verdict] = []
        for item in submission.items:
            key = item.key
            if key is None or (key not in places and key not in new_here):
                new = _New(plan.store(submission.kind, key, item.parted), item.id)
                if key is not None:
                    new_here[key] = (new, item.parted)
                verdicts.append(new)
                continue
            verdicts.append(
                _judge(plan, log, reader, submission, item, key, places.get(key, []), new_here)
            )
        plan.add(submission, verdicts)
    return plan


def _judge(
    plan: Plan,
    log: TenantLog,
    reader: LedgerReader,
    submission: Submission,
    item: Incoming,
    key: int,
    places: list[int],
    new_here: dict[int, tuple[_New, PartedEvent]],
) -> _Verdict:
    """An event whose key was met before: a duplicate, a conflict, or new after all."""
    sent = item.sent
    if sent is None:
        raise StorageError("an event with a key came without what was sent")
    met = False
    if key in new_here:
        new, parted = new_here[key]
        if item.id in (new.id, new.conflict_of):
            if same_as_sent(sent, _under(_join(parted), item.id)):
                return _SameAsNew(new.position, new.id)
            met = True
    for place in places:
        entry = reader.entry(log.tenant.id, place)
        if entry.fact is None:
            return Receipt(item.id, place, entry.leaf_hash, duplicate=True)
        stored = join(entry.fact, entry.person, entry.content)
        if stored.id != item.id:
            continue
        gone = entry.parts != _present(entry.fact, entry.person, entry.content)
        if gone or same_as_sent(sent, stored):
            return Receipt(stored.id, place, entry.leaf_hash, duplicate=True)
        met = True
    if not met:
        new = _New(plan.store(submission.kind, key, item.parted), item.id)
        new_here[key] = (new, item.parted)
        return new
    return _conflict(plan, log, reader, submission, item, sent, new_here)


def _conflict(
    plan: Plan,
    log: TenantLog,
    reader: LedgerReader,
    submission: Submission,
    item: Incoming,
    sent: SentEvent,
    new_here: dict[int, tuple[_New, PartedEvent]],
) -> _Verdict:
    """
    Other content under a known id: stored under a new id that follows from the content, so that
    sending the conflicting event again stores nothing either.
    """
    fresh = _id_from(sent)
    key = key_of(submission.scope, fresh)
    if key in new_here:
        return _SameAsNew(new_here[key][0].position, fresh)
    for place in log.seen.places_of([key]).get(key, []):
        entry = reader.entry(log.tenant.id, place)
        if entry.fact is None or join(entry.fact, None, None).id == fresh:
            return Receipt(fresh, place, entry.leaf_hash, duplicate=True, conflict_of=item.id)
    event = msgspec.structs.replace(_join(item.parted), id=fresh, conflict_of=item.id)
    parted = submission.split(event)
    new = _New(plan.store(submission.kind, key, parted), fresh, conflict_of=item.id)
    new_here[key] = (new, parted)
    return new


def _id_from(sent: SentEvent) -> str:
    """A UUID (version 8) that depends on all that was sent."""
    digest = bytearray(blake2b(repr(sent_fields(sent)).encode(), digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def _join(parted: PartedEvent) -> Event:
    return join(parted.fact, parted.person, parted.content)


def _under(event: Event, event_id: str) -> Event:
    return event if event.id == event_id else msgspec.structs.replace(event, id=event_id)


def _present(fact: bytes | None, person: bytes | None, content: bytes | None) -> int:
    return (fact is not None) | (person is not None) << 1 | (content is not None) << 2
