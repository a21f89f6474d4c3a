"""
The certificate of an erasure, as JSON: the entries that declare it, and proofs that the log has
them (spec/certificate.md). `indelible verify FILE` checks it without the service.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from indelible.clock import format_us
from indelible.errors import Pushback
from indelible.server.ledger import Ledger
from indelible.server.ledger.reader import Checkpoint
from indelible.server.retention.declare import Declared
from indelible.server.retention.erasure_table import Erasure
from indelible.server.retention.scan import PART_NAMES
from indelible.tlog.note import encode_base64
from indelible.tlog.proof import prove_inclusion

FORM = "indelible-erasure/1"
REASONS = {1: "data-subject", 2: "authority", 3: "error", 4: "contract", 255: "other"}
_WAIT_S = 5.0


def make_certificate(
    ledger: Ledger,
    erasure: Erasure,
    declared: Sequence[Declared],
    outcome: dict[str, Any],
    done_us: int,
) -> dict[str, Any]:
    """
    The certificate; waits for a checkpoint that covers all entries.

    Raises Pushback when none is signed in time.
    """
    tenant_id = erasure.tenant_id
    checkpoint = _covering(ledger, tenant_id, max(one.entry for one in declared))

    def tile(level: int, n: int) -> bytes:
        return ledger.reader.tile(tenant_id, level, n)

    return {
        "certificate": FORM,
        "origin": ledger.tenant(tenant_id).origin,
        "erasure": erasure.id,
        "case": erasure.case,
        "reason": REASONS[erasure.reason],
        "parts": [name for part, name in PART_NAMES.items() if erasure.parts & part],
        "requested_by": erasure.asker.id,
        "approved_by": None if erasure.approver is None else erasure.approver.id,
        "requested_at": format_us(erasure.asked_us),
        "done_at": format_us(done_us),
        "events": outcome["events"],
        "erased": outcome["parts"],
        "left": [
            {name: one[name] for name in ("why", "part", "category", "events", "until", "holds")}
            for one in outcome["left"]
        ],
        "checkpoint": checkpoint.note,
        "keys": ledger.vkeys(tenant_id),
        "entries": [
            {
                "index": one.entry,
                "first": one.first,
                "count": one.count,
                "parts": [name for part, name in PART_NAMES.items() if one.parts & part],
                "leaf": one.leaf.hex(),
                "salt": one.salt.hex(),
                "record": one.data.decode(),
                "proof": [
                    encode_base64(step)
                    for step in prove_inclusion(one.entry, checkpoint.size, tile)
                ],
            }
            for one in sorted(declared, key=lambda each: each.entry)
        ],
    }


def _covering(ledger: Ledger, tenant_id: int, index: int) -> Checkpoint:
    end_s = ledger.clock.monotonic_s() + _WAIT_S
    while True:
        found = ledger.reader.latest_checkpoint(tenant_id)
        if found is not None and found.size > index:
            return found
        if ledger.clock.monotonic_s() > end_s:
            raise Pushback("no checkpoint covers the erasure yet", code="no-checkpoint")
        time.sleep(0.05)
