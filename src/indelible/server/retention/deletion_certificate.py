"""
The certificate of a deletion, as JSON (spec/deletion.md): what was there, who wanted it gone, and
the log's last checkpoint. Signed by the log's own key, which is destroyed right after; so nobody
can make another. `indelible verify FILE` checks it without the service.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

from indelible.clock import US_PER_S, format_us
from indelible.codec import encode_json, encode_sorted_json
from indelible.errors import Pushback
from indelible.server.access.deletions import Deletion
from indelible.server.ledger import Checkpoint, Ledger
from indelible.server.retention.deletion_numbers import Numbers
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.note import parse_note

FORM = "indelible-deletion/1"
_WAIT_S = 10.0


def make_certificate(
    ledger: Ledger, deletion: Deletion, numbers: Numbers, now_us: int
) -> dict[str, Any]:
    """
    The certificate; waits for a checkpoint over the whole log, which must be closed.

    Raises Pushback when none is signed in time.
    """
    last = _last_checkpoint(ledger, deletion.leaving)
    root = parse_checkpoint(parse_note(last.note.encode()).text).root
    certificate: dict[str, Any] = {
        "certificate": FORM,
        "deletion": deletion.id,
        "tenant": deletion.name,
        "origin": deletion.origin,
        "reason": deletion.reason,
        "requested_by": {"id": deletion.asker.id, "name": deletion.asker.name},
        "requested_at": format_us(deletion.asked_us),
        "approved_by": {"id": deletion.approver.id, "name": deletion.approver.name},
        "approved_at": format_us(deletion.approved_us),
        "due_at": format_us(deletion.due_us),
        "closed_at": format_us(now_us),
        "events": numbers.events,
        "first_day": numbers.first_day,
        "last_day": numbers.last_day,
        "people": numbers.people,
        "keys": numbers.keys,
        "size": last.size,
        "root": root.hex(),
        "checkpoint": last.note,
        "log_keys": ledger.vkeys(deletion.leaving),
    }
    digest = sha256(encode_sorted_json(certificate)).hexdigest()
    text = f"{FORM}\n{deletion.origin}\n{digest}\n"
    certificate["signature"] = ledger.sign_statement(deletion.leaving, text, now_us // US_PER_S)
    return certificate


def encode_certificate(certificate: dict[str, Any]) -> bytes:
    """As it is kept and handed out."""
    return encode_json(certificate)


def _last_checkpoint(ledger: Ledger, tenant_id: int) -> Checkpoint:
    end_s = ledger.clock.monotonic_s() + _WAIT_S
    while True:
        found = ledger.reader.latest_checkpoint(tenant_id)
        if found is not None and found.size == ledger.size(tenant_id):
            return found
        if ledger.clock.monotonic_s() > end_s:
            raise Pushback("the last checkpoint is not signed yet", code="no-checkpoint")
        time.sleep(0.05)
