"""What is known of an export, and where that is written down."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import NotFound
from indelible.server.access import outbox
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent
from indelible.server.export.export import Wish
from indelible.server.query.reach import Reach

State = Literal["waiting", "running", "done", "failed", "cancelled", "expired", "removed"]
# Made as a file that is kept, or sent straight to whoever asked.
Way = Literal["background", "direct"]
OPEN: Final[tuple[State, ...]] = ("waiting", "running")

_COLUMNS: Final = (
    "id, tenant, way, state, attempts, job, created_us, started_us, ended_us, rows, bytes, sha256,"
    " reason"
)


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for it, as the events about it name them; `command` if on the command line."""

    tenant_id: int
    kind: str
    id: str
    name: str
    email: str | None = None
    session_id: str | None = None
    ip: str | None = None
    peer_ip: str | None = None
    user_agent: str | None = None
    request_id: str = ""
    command: str | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: fixed to moments and to one snapshot, so that it can begin again."""

    who: Who
    parameters: dict[str, str]
    wish: Wish
    tenant: str
    date_format: str
    file_name: str
    total: int
    through: int
    checkpoint: dict[str, Any] | None
    reach: Reach | None = None  # None in jobs of versions in which all saw the whole log

    @property
    def within(self) -> Reach:
        return self.reach or Reach(tenant_id=self.who.tenant_id)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An export."""

    id: str
    tenant_id: int
    state: State
    asked: Asked
    created_us: int
    way: Way = "background"
    attempts: int = 0
    started_us: int | None = None
    ended_us: int | None = None
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    reason: str | None = None


class JobTable:
    """The rows of all exports. Each change is durable, with its event, when a method returns."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def add(self, job: Job, event: OwnEvent) -> None:
        """A new one."""
        with self._control.write() as transaction:
            transaction.execute(
                "INSERT INTO export_job(id, tenant, way, state, attempts, job, created_us,"
                " started_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id, job.tenant_id, job.way, job.state, job.attempts,
                    encode_json(job.asked).decode(), job.created_us, job.started_us,
                ),
            )  # fmt: skip
            outbox.put(transaction, job.tenant_id, event)

    def change(
        self,
        job: Job,
        state: State,
        *,
        only: tuple[State, ...],
        event: OwnEvent | None = None,
        **values: int | str | None,
    ) -> bool:
        """Moves an export to a state if it is in one of `only`; False when it is not."""
        sets = ", ".join(f"{name} = ?" for name in ("state", *values))
        marks = ", ".join("?" for _ in only)
        with self._control.write() as transaction:
            changed = transaction.execute(
                f"UPDATE export_job SET {sets} WHERE id = ? AND state IN ({marks})",  # noqa: S608
                (state, *values.values(), job.id, *only),
            ).rowcount
            if changed and event is not None:
                outbox.put(transaction, job.tenant_id, event)
        return bool(changed)

    def delete(self, job_id: str) -> None:
        """Forgets a job whole."""
        with self._control.write() as transaction:
            transaction.execute("DELETE FROM export_job WHERE id = ?", (job_id,))

    def one(self, tenant_id: int, job_id: str) -> Job:
        """One export of a tenant. Raises NotFound."""
        found = self._read("WHERE tenant = ? AND id = ?", tenant_id, job_id)
        if not found:
            raise NotFound(f"there is no export {job_id}")
        return found[0]

    def of_tenant(
        self,
        tenant_id: int,
        *,
        who: tuple[str, str] | None = None,
        way: Way | None = None,
        limit: int,
    ) -> list[Job]:
        """The newest of a tenant: everybody's or of one kind and id of caller; of one way."""
        where, values = "WHERE tenant = ?", [tenant_id, *(who or ()), *((way,) if way else ())]
        if who is not None:
            where += " AND job ->> '$.who.kind' = ? AND job ->> '$.who.id' = ?"
        if way is not None:
            where += " AND way = ?"
        return self._read(f"{where} ORDER BY created_us DESC, id LIMIT ?", *values, limit)

    def open(self, way: Way) -> list[Job]:
        """What waits or runs, oldest first, of all tenants."""
        return self._read("WHERE state IN (?, ?) AND way = ? ORDER BY created_us, id", *OPEN, way)

    def ended_before(self, at_us: int) -> list[Job]:
        """Exports whose file has been kept for long enough."""
        return self._read("WHERE state = 'done' AND way = 'background' AND ended_us < ?", at_us)

    def _read(self, where: str, *values: int | str) -> list[Job]:
        sql = f"SELECT {_COLUMNS} FROM export_job {where}"  # noqa: S608 - the text is ours
        names = _COLUMNS.replace("tenant,", "tenant_id,").replace("job,", "asked,").split(", ")
        found = []
        for row in self._control.read(sql, values):
            fields = dict(zip(names, row, strict=True))
            fields["asked"] = decode_json(fields["asked"])
            found.append(msgspec.convert(fields, Job))
        return found
