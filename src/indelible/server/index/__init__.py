"""
The search index: disposable, made from the ledger, owned by a process of its own.

The service uses `IndexProcess`; the command line uses `request_rebuild` and `read_status`. Neither
loads the engine: only the index process does.
"""

from indelible.server.index.folding import fold
from indelible.server.index.status import IndexStatus, read_status, request_rebuild
from indelible.server.index.supervisor import IndexFailed, IndexProcess

__all__ = [
    "IndexFailed",
    "IndexProcess",
    "IndexStatus",
    "fold",
    "read_status",
    "request_rebuild",
]
