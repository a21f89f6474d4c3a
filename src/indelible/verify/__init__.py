"""
The independent checker: reads a ledger with its own code and says what holds, entry by entry.

Uses the formats (tlog, seal, event) and nothing of the service.
"""

from indelible.verify.folder import verify_folder
from indelible.verify.prooffile import verify_proof_file
from indelible.verify.report import (
    CheckpointInfo,
    Finding,
    Range,
    Report,
    TenantReport,
    Verdict,
    encode_report,
)
from indelible.verify.source import CannotCheck
from indelible.verify.url import verify_url

__all__ = [
    "CannotCheck",
    "CheckpointInfo",
    "Finding",
    "Range",
    "Report",
    "TenantReport",
    "Verdict",
    "encode_report",
    "verify_folder",
    "verify_proof_file",
    "verify_url",
]
