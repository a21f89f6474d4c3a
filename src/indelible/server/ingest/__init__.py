"""Ingest: from the bytes of a request to sealed, durable events and their receipts."""

from indelible.server.ingest.body import MAX_BODY_BYTES, MAX_EVENTS
from indelible.server.ingest.ingest import Ingest, IngestReply, Rejected, SentReceipt
from indelible.server.ingest.masking import Masking

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_EVENTS",
    "Ingest",
    "IngestReply",
    "Masking",
    "Rejected",
    "SentReceipt",
]
