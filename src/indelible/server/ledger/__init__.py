"""
The ledger: the append-only sealed log of each tenant, and the truth of the service.

An event is acknowledged when it is on disk here, sealed in the Merkle tree (spec/ledger.md).
"""

from indelible.server.ledger.declared import Declared
from indelible.server.ledger.desk import Desk, Record
from indelible.server.ledger.ledger import Ledger
from indelible.server.ledger.reader import Checkpoint, Entry, LedgerReader, Tenant
from indelible.server.ledger.seen import KEPT, WINDOWED, key_of
from indelible.server.ledger.submission import Incoming, Receipt, Stored

__all__ = [
    "KEPT",
    "WINDOWED",
    "Checkpoint",
    "Declared",
    "Desk",
    "Entry",
    "Incoming",
    "Ledger",
    "LedgerReader",
    "Receipt",
    "Record",
    "Stored",
    "Tenant",
    "key_of",
]
