"""
Takes events in: parse, check, fill in, split, hand to the ledger, answer with receipts.

An answer is given only after the events are durable and sealed. Events that are wrong are rejected
one by one; the good ones of the same batch are stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec

from indelible.clock import day_of
from indelible.errors import InvalidEvent
from indelible.event import ReportedBy, SentEvent, parse_value, split_sent
from indelible.seal import PartedEvent
from indelible.server.access.scope import Scope
from indelible.server.ingest.answers import Answers
from indelible.server.ingest.body import decompress, judge_each, read_events
from indelible.server.ingest.categorise import Categorise, own_rules
from indelible.server.ingest.masking import Masking
from indelible.server.ingest.rejections import Rejections
from indelible.server.ingest.room import Room
from indelible.server.ingest.skips import Skips
from indelible.server.ledger import KEPT, WINDOWED, Incoming, Ledger, Receipt, Stored
from indelible.server.ledger.categories import LAST_RESERVED
from indelible.server.ledger.seen import key_maker

# Above this a body is parsed in a thread, so that the loop goes on answering others.
_THREAD_ABOVE_BYTES = 512 * 1024
_PARSERS = 2  # each may hold a whole unpacked body and its events


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event that was not stored, and why."""

    position: int
    code: str
    detail: str
    hint: str | None = None


class SentReceipt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The receipt of one event as it is sent; a duplicate has the receipt of its first time."""

    position: int
    id: str
    index: int
    leaf_hash: str
    duplicate: bool = False
    conflict_of: str | None = None


class IngestReply(msgspec.Struct, frozen=True):
    """The answer to a write (api.md, Write)."""

    stored: int
    duplicates: int
    rejected: list[Rejected]
    receipts: list[SentReceipt]
    tree_size: int
    # Events of categories that are switched off: counted, not recorded.
    skipped: int = 0

    @property
    def status(self) -> Literal[200, 422]:
        """422 when there were events and none is stored or lawfully left out."""
        return 422 if self.rejected and not self.receipts and not self.skipped else 200


class _Prepared(msgspec.Struct, frozen=True):
    """Events to be stored, their positions in the request, and what is not stored."""

    positions: list[int]
    items: list[Incoming]
    rejected: list[Rejected]
    skipped: int


class _Ruling(msgspec.Struct, frozen=True):
    """What holds for events that come in under one policy, on one day."""

    policy_index: int
    day: int
    categories: dict[str, int]
    categorise: Categorise | None
    off: frozenset[str]


class Ingest:
    """Safe to call from the event loop that made it, and `store` from any thread."""

    def __init__(
        self, ledger: Ledger, new_id: Callable[[], str], masking: Masking | None = None
    ) -> None:
        self._ledger = ledger
        self.masking = masking or Masking()
        self._new_id = new_id
        self._answers = Answers()
        # Threads of its own: hostile bodies must not take those that logins and reads wait for.
        self._parsers = ThreadPoolExecutor(_PARSERS, thread_name_prefix="parse")
        self.rejections = Rejections()
        self.skips = Skips()
        self._rulings: dict[int, _Ruling] = {}
        self.room = Room(ledger.clock)

    async def submit(
        self,
        tenant_id: int,
        body: bytes,
        *,
        key_id: str,
        content_type: str | None,
        content_encoding: str | None = None,
        import_format: str | None = None,
        allowed: Scope | None = None,
    ) -> IngestReply:
        """
        Stores the events of a request body; those that are not `allowed` are rejected.

        `key_id` is the scope in which event ids are unique; an import's scope is its format.
        Raises InvalidRequest, TooLarge, UnsupportedMedia, Pushback, StorageError; then nothing
        was stored.
        """
        received_us = self._ledger.clock.now_us()
        scope, reported_by = scope_of(key_id, import_format)

        def prepare() -> tuple[int, _Prepared]:
            plain = decompress(body, content_encoding)
            said = read_events(plain, content_type)
            found = self._prepare(tenant_id, said, scope, reported_by, received_us, allowed)
            return len(plain), found

        if len(body) > _THREAD_ABOVE_BYTES or content_encoding:
            loop = asyncio.get_running_loop()
            weight_bytes, prepared = await loop.run_in_executor(self._parsers, prepare)
        else:
            weight_bytes, prepared = prepare()
        items, rejected = prepared.items, prepared.rejected
        for wrong in rejected:
            self.rejections.count(tenant_id, key_id, wrong.code)
        if not items:
            size = self._ledger.size(tenant_id)
            return IngestReply(0, 0, rejected, [], size, prepared.skipped)
        stored = await self._answers.wait(
            lambda notify: self._ledger.append(
                tenant_id,
                items,
                received_us=received_us,
                scope=scope,
                notify=notify,
                kind=KEPT if import_format else WINDOWED,
                weight_bytes=weight_bytes,
            )
        )
        return reply_of(stored, prepared.positions, rejected, prepared.skipped)

    def store(
        self,
        tenant_id: int,
        events: Sequence[bytes],
        *,
        key_id: str,
        import_format: str | None = None,
    ) -> IngestReply:
        """As `submit`, for a thread that waits: an import into a data folder."""
        received_us = self._ledger.clock.now_us()
        scope, reported_by = scope_of(key_id, import_format)
        prepared = self._prepare(tenant_id, judge_each(events), scope, reported_by, received_us)
        items, rejected = prepared.items, prepared.rejected
        if not items:
            size = self._ledger.size(tenant_id)
            return IngestReply(0, 0, rejected, [], size, prepared.skipped)
        stored = self._ledger.append_and_wait(
            tenant_id,
            items,
            received_us=received_us,
            scope=scope,
            kind=KEPT if import_format else WINDOWED,
        )
        return reply_of(stored, prepared.positions, rejected, prepared.skipped)

    async def record_own(self, tenant_id: int, event: Mapping[str, Any]) -> Receipt:
        """
        Stores an event of Indelible about itself; durable on return.

        With an `id` a second try stores nothing (the outbox of server/access relies on it).
        """
        received_us = self._ledger.clock.now_us()
        item = self._own(tenant_id, event, received_us)
        stored = await self._answers.wait(
            lambda notify: self._ledger.append(
                tenant_id, [item], received_us=received_us, scope=OWN_SCOPE, notify=notify
            )
        )
        return stored.receipts[0]

    def store_own(self, tenant_id: int, event: Mapping[str, Any]) -> Receipt:
        """As `record_own`, for a thread that waits."""
        received_us = self._ledger.clock.now_us()
        item = self._own(tenant_id, event, received_us)
        stored = self._ledger.append_and_wait(
            tenant_id, [item], received_us=received_us, scope=OWN_SCOPE
        )
        return stored.receipts[0]

    def _own(self, tenant_id: int, event: Mapping[str, Any], received_us: int) -> Incoming:
        context = {**(event.get("context") or {}), "source": "indelible"}
        sent = parse_value({"category": "audit", **event, "context": context})
        taken = self._taker(tenant_id, OWN_SCOPE, "service", received_us)(sent)
        if taken is None:
            raise InvalidEvent("category", "the service writes no category that is switched off")
        return taken

    def _prepare(
        self,
        tenant_id: int,
        said: Iterable[SentEvent | InvalidEvent],
        scope: str,
        reported_by: ReportedBy,
        received_us: int,
        allowed: Scope | None = None,
    ) -> _Prepared:
        positions: list[int] = []
        items: list[Incoming] = []
        rejected: list[Rejected] = []
        skipped = 0
        categories = self._ledger.category_ids(tenant_id)
        if reported_by != "service":
            said = self._masked(said)
        take = self._taker(tenant_id, scope, reported_by, received_us)
        for position, sent in enumerate(said):
            try:
                if isinstance(sent, InvalidEvent):
                    raise sent
                if sent.category is not None:
                    _check_category(sent.category, categories)
                taken = take(sent)
                if taken is None:
                    skipped += 1
                    continue
                if allowed is not None:
                    _check_allowed(allowed, sent, taken.parted.category_id, categories)
                items.append(taken)
                positions.append(position)
            except InvalidEvent as error:
                rejected.append(Rejected(position, error.code, error.message, error.hint))
        return _Prepared(positions, items, rejected, skipped)

    def _masked(
        self, said: Iterable[SentEvent | InvalidEvent]
    ) -> Iterable[SentEvent | InvalidEvent]:
        """Without secrets; what was decoded as one batch is looked at as one."""
        if isinstance(said, list):
            return self.masking.mask_all(said)
        mask = self.masking.mask
        return (sent if isinstance(sent, InvalidEvent) else mask(sent) for sent in said)

    def _taker(
        self, tenant_id: int, scope: str, reported_by: ReportedBy, received_us: int
    ) -> Callable[[SentEvent], Incoming | None]:
        """
        Fills in and splits events that come together; runs for each event that comes in.

        None for one of a category that is switched off: it is counted.
        """
        ruling = self._ruling(tenant_id, day_of(received_us))
        categories, categorise, off = ruling.categories, ruling.categorise, ruling.off
        new_id, key_of = self._new_id, key_maker(scope)

        def alias(subject: str) -> str:
            return self._ledger.alias(tenant_id, subject)

        def take(sent: SentEvent) -> Incoming | None:
            event_id = sent.id or new_id()
            category, parts = split_sent(
                sent, event_id, received_us, reported_by, alias, categorise
            )
            if off and category in off:
                self.skips.count(tenant_id, category)
                return None
            parted = PartedEvent(categories[category], parts.fact, parts.person, parts.content)
            if sent.id is None:
                return Incoming(event_id, parted)
            return Incoming(event_id, parted, key_of(event_id), sent)

        return take

    def _ruling(self, tenant_id: int, day: int) -> _Ruling:
        """Made once for each policy and day."""
        standing = self._ledger.standing(tenant_id)
        history, newest = standing.policies, standing.policies.newest
        known = self._rulings.get(tenant_id)
        if known is not None and (known.policy_index, known.day) == (newest.index, day):
            return known
        rules = own_rules(standing.catalogue)
        off = frozenset(
            category.name
            for category in newest.policy.categories
            if not (history.category_on(category.id, day) or category).enabled
        )
        ruling = self._rulings[tenant_id] = _Ruling(
            newest.index,
            day,
            {category.name: category.id for category in newest.policy.categories},
            None if rules is None else rules.categorise,
            off,
        )
        return ruling


OWN_SCOPE = "own"


def scope_of(key_id: str, import_format: str | None) -> tuple[str, ReportedBy]:
    """Where ids are unique, and who reports: a client under its key, an import under its format."""
    if import_format is not None:
        return f"import:{import_format}", "import"
    return f"key:{key_id}", "client"


def _check_allowed(
    allowed: Scope, sent: SentEvent, category_id: int, categories: Mapping[str, int]
) -> None:
    """Raises InvalidEvent for an event that its key may not write."""
    source = sent.context.source if sent.context is not None else None
    ids = None if allowed.categories is None else {categories.get(n) for n in allowed.categories}
    for name, is_right in (
        ("stream", allowed.streams is None or (sent.stream or "user") in allowed.streams),
        ("context.source", allowed.sources is None or source in allowed.sources),
        ("category", ids is None or category_id in ids),
    ):
        if not is_right:
            raise InvalidEvent(name, "this key may not write such events", code="beyond-scope")


def _check_category(name: str, categories: Mapping[str, int]) -> None:
    number = categories.get(name)
    if number is None:
        allowed = sorted(known for known, id_ in categories.items() if id_ > LAST_RESERVED)
        raise InvalidEvent(
            "category", f"unknown category {name[:80]!r}", hint=f"one of {', '.join(allowed)}"
        )
    if number <= LAST_RESERVED:
        raise InvalidEvent(
            "category",
            f"{name!r} is written by the service only",
            code="reserved-category",
            hint="leave category out, a rule chooses it",
        )


def reply_of(
    stored: Stored, positions: Sequence[int], rejected: list[Rejected], skipped: int = 0
) -> IngestReply:
    """Receipts in the form of the API, under the positions that the sender knows."""
    duplicates = sum([receipt.duplicate for receipt in stored.receipts])
    return IngestReply(
        stored=len(stored.receipts) - duplicates,
        duplicates=duplicates,
        rejected=rejected,
        receipts=[
            SentReceipt(
                position,
                receipt.id,
                receipt.index,
                receipt.leaf_hash.hex(),
                receipt.duplicate,
                receipt.conflict_of,
            )
            for position, receipt in zip(positions, stored.receipts, strict=True)
        ],
        tree_size=stored.tree_size,
        skipped=skipped,
    )
