"""
How a tenant leaves the ledger file: its name first, for ever; then its rows, a few at a time.

In one transaction the tenant stops being one and its id, name and origin are written down as used.
From then on the log can be neither opened nor written, also after a crash, and what is left of it
is rows that nobody reads. They are deleted in small steps, so that other tenants never wait for
long; a step that was done is not found again.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from indelible.errors import Conflict
from indelible.server.ledger.checkpointing import guard_file, key_file
from indelible.server.ledger.durable import sync_folder
from indelible.server.ledger.journal import journal_file
from indelible.server.ledger.reader import Tenant

_STEP_ROWS: Final = 500  # pieces have up to 8 kB, and what is deleted is overwritten
# Table → the columns that, after the tenant, name a row.
_ROWS: Final = {
    "piece": "rowid",
    "record": "idx",
    "entry": "idx",
    "run": "first",
    "seen": "rowid",
    "alias": "subject",
    "tile": "rowid",
    "checkpoint": "size",
}


def retire(connection: sqlite3.Connection, tenant: Tenant, now_us: int) -> None:
    """Takes the tenant out and its id, name and origin out of use, in the open transaction."""
    connection.execute(
        "INSERT INTO deleted_tenant(id, name, origin, deleted_us) VALUES(?, ?, ?, ?)",
        (tenant.id, tenant.name, tenant.origin, now_us),
    )
    connection.execute("DELETE FROM head WHERE tenant = ?", (tenant.id,))
    connection.execute("DELETE FROM tenant WHERE id = ?", (tenant.id,))


def delete_some(connection: sqlite3.Connection, tenant_id: int) -> int:
    """
    Deletes some rows of a tenant that has left, in the open transaction; 0 when there are none.

    Raises Conflict for a tenant that is still there.
    """
    if not connection.execute("SELECT 1 FROM deleted_tenant WHERE id = ?", (tenant_id,)).fetchone():
        raise Conflict(f"tenant {tenant_id} has not left")
    for table, key in _ROWS.items():
        gone = connection.execute(
            f"DELETE FROM {table} WHERE tenant = ? AND {key} IN"
            f" (SELECT {key} FROM {table} WHERE tenant = ? LIMIT ?)",
            (tenant_id, tenant_id, _STEP_ROWS),
        ).rowcount
        if gone:
            return gone
    return 0


def delete_files(data_dir: Path, tenant_id: int) -> None:
    """
    Removes the signing keys and what guarded the log; durable on return. Only after `retire`:
    without its keys a log that is still there could not be opened.
    """
    for path in (
        key_file(data_dir, tenant_id),
        guard_file(data_dir, tenant_id),
        journal_file(data_dir / "guard", tenant_id),
    ):
        path.unlink(missing_ok=True)
    for folder in ("keys", "guard"):
        sync_folder(data_dir / folder)


def check_unused(connection: sqlite3.Connection, name: str, origin: str) -> None:
    """Raises Conflict when a tenant that was deleted had this name or this origin."""
    row = connection.execute(
        "SELECT name, origin FROM deleted_tenant WHERE name = ? OR origin = ?", (name, origin)
    ).fetchone()
    if row is None:
        return
    what = f"the name {name}" if row[0] == name else f"the origin {origin}"
    raise Conflict(
        f"{what} was that of a tenant that was deleted, and is never used again",
        hint="choose another",
        code="tenant-deleted",
    )
