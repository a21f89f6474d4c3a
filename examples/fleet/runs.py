"""
The last runs of fleet's jobs, for its home page. Written by fleet and by its worker, in a file of
its own: what a job changes and what is noted of the job never wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection

_RUNS = Table(
    "run",
    MetaData(),
    Column("place", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("job", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("note", String, nullable=False),
)


@dataclass(frozen=True)
class Run:
    """One run of a job; `number` counts the runs of this job."""

    id: str
    job: str
    number: int
    state: str
    note: str


class Runs:
    """The book of runs. Safe for all threads and processes."""

    def __init__(self, data: Path) -> None:
        self._engine = open_sqlite(data / "runs.sqlite3")
        _RUNS.metadata.create_all(self._engine)

    def queue(self, run_id: str, job: str) -> None:
        """A new run; one that is known stays as it is."""
        past = select(func.count()).where(_RUNS.c.job == job).scalar_subquery()
        values = {"id": run_id, "job": job, "number": past + 1, "state": "queued", "note": ""}
        with self._engine.begin() as connection:
            connection.execute(insert(_RUNS).prefix_with("OR IGNORE").values(values))

    def note(self, run_id: str, state: str, text: str = "") -> None:
        """How far a run has come."""
        change = update(_RUNS).where(_RUNS.c.id == run_id).values(state=state, note=text)
        with self._engine.begin() as connection:
            connection.execute(change)

    def find(self, run_id: str) -> Run | None:
        """One run."""
        wanted = select(*_RUNS.c[1:]).where(_RUNS.c.id == run_id)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else Run(*row)

    def latest(self, count: int = 8) -> list[Run]:
        """The last runs, newest first."""
        wanted = select(*_RUNS.c[1:]).order_by(_RUNS.c.place.desc()).limit(count)
        with self._engine.connect() as connection:
            return [Run(*row) for row in connection.execute(wanted)]


def open_sqlite(path: Path) -> Engine:
    """A database that fleet and its worker use at once: readers never stop the writer."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    return engine
