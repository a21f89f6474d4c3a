"""The checkpoint that what is taken out of the log is proven by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from indelible.errors import StorageError

if TYPE_CHECKING:
    from indelible.server.ledger import Checkpoint, LedgerReader

_CHECKPOINT_WAIT_S: Final = 5.0
_POLL_S: Final = 0.05


async def covering_checkpoint(reader: LedgerReader, tenant_id: int, through: int) -> Checkpoint:
    """
    A signed checkpoint over all entries below `through`; the next one is signed within a second.

    Raises StorageError when none comes.
    """
    for _ in range(int(_CHECKPOINT_WAIT_S / _POLL_S)):
        found = await asyncio.to_thread(reader.checkpoint_over, tenant_id, through)
        if found is not None:
            return found
        await asyncio.sleep(_POLL_S)
    raise StorageError("no signed checkpoint covers these events yet", hint="try again in a moment")
