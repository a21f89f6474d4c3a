"""What is handed to the ledger, and what comes back for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indelible.event import Event, SentEvent
from indelible.seal import PartedEvent


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """
    One event on its way in. `key` is None when the sender gave no id: then there is no protection
    against storing it twice, and `sent` is not needed.
    """

    id: str
    parted: PartedEvent
    key: int | None = None
    sent: SentEvent | None = None


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Where an event lies in the ledger; a claim until a proof under a checkpoint is fetched."""

    id: str
    index: int
    leaf_hash: bytes
    duplicate: bool = False
    conflict_of: str | None = None


class Stored(msgspec.Struct, frozen=True):
    """The answer to a submission: one receipt per event in order, and the size after it."""

    receipts: list[Receipt]
    tree_size: int


Answer = Stored | Exception
Notify = Callable[[Answer], None]
"""Called once, in the writer thread, after the commit or with the reason why there was none."""


class Submission(msgspec.Struct, frozen=True):
    """Events of one request, stored all together or not at all."""

    tenant_id: int
    scope: str
    kind: int
    day: int
    items: Sequence[Incoming]
    weight_bytes: int
    notify: Notify
    split: Callable[[Event], PartedEvent]  # for an event that is stored under a new id
