"""
SQLAlchemy 2: which rows were created, changed and deleted, with the values before and after.

    capture_changes(Session, client=audit)

The unit of work, bulk methods, `session.execute(update(...))` and Core statements on the same
engine are all seen. Nothing is told of what a transaction or a savepoint rolls back. With
`delivery="outbox"` each event is a row in the same transaction as the change.

Leave a column out with `info={"audit": False}`; what has a secret's name is masked by the client.
"""

from indelible.capture.sqlalchemy.capture import Capture, Delivery, capture_changes
from indelible.capture.sqlalchemy.outbox import create_outbox, outbox_table, record_in

__all__ = [
    "Capture",
    "Delivery",
    "capture_changes",
    "create_outbox",
    "outbox_table",
    "record_in",
]
