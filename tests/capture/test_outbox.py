"""Events in the product's own transactions, with real PostgreSQL and SQLite, and their relay."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from tests.unit.client.fake_service import FakeService, failing

from indelible.capture.sqlalchemy import (
    capture_changes,
    create_outbox,
    outbox_table,
    record_in,
)
from indelible.client import audit_context
from indelible.client.outbox import Relay, create_sql, open_database
from indelible.client.transport import SendFailed
from indelible.testing import MemoryAudit

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}


class Base(DeclarativeBase):
    pass


class Site(Base):
    __tablename__ = "site"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    seal: Mapped[bytes | None] = mapped_column(default=None)


OUTBOX = outbox_table(Base.metadata)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/app.db"
    else:
        url = request.getfixturevalue("postgres_url").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


def waiting(engine: Engine, audit: MemoryAudit) -> list[dict[str, Any]]:
    """The rows of the outbox, each read as the service would."""
    with engine.connect() as connection:
        rows = connection.execute(select(OUTBOX.c.event).order_by(OUTBOX.c.id)).scalars().all()
    return [audit.keep(row.encode()) for row in rows]


def relay(engine: Engine, service: FakeService, **settings: Any) -> Relay:
    found = open_database(str(engine.url.render_as_string(hide_password=False)))
    return Relay(found.connect, service.url, "k", marker=found.marker, **settings)


def test_events_are_rows_of_the_same_transaction(engine: Engine, audit: MemoryAudit) -> None:
    sessions = sessionmaker(engine)
    capture_changes(sessions, client=audit, delivery="outbox")
    with sessions() as session:
        with audit_context(actor=ANA, request_id="r_1"):
            session.add(Site(name="kept", seal=b"\x00\xff"))
            lost = session.begin_nested()
            session.add(Site(name="lost"))
            session.flush()
            lost.rollback()
            session.execute(update(Site).values(name="renamed"))
            record_in(session, audit, "ApproveSite", reason="looks right")
            session.commit()
        session.add(Site(name="never"))
        session.flush()
        session.rollback()
    created, renamed, approved = waiting(engine, audit)
    assert (created["operation"], renamed["operation"]) == ("CreateSite", "UpdateSite")
    assert renamed["changes"] == [{"path": "name", "before": "kept", "after": "renamed"}]
    assert (approved["operation"], approved["reason"]) == ("ApproveSite", "looks right")
    assert created["actor"] == ANA
    assert created["context"]["request_id"] == "r_1"
    assert {"path": "seal", "after": {"bytes": 2, "sha256": "06eb7d6a69ee19e5"}} in created[
        "changes"
    ]


def test_without_the_table_the_change_is_not_made_either(
    engine: Engine, audit: MemoryAudit
) -> None:
    sessions = sessionmaker(engine)
    capture_changes(sessions, client=audit, delivery="outbox")
    OUTBOX.drop(engine)
    with sessions() as session:
        session.add(Site(name="x"))
        with pytest.raises(DBAPIError):
            session.commit()
        session.rollback()
        assert session.scalars(select(Site)).all() == []
    create_outbox(engine)
    assert waiting(engine, audit) == []


def test_async_sessions_are_seen_whole(
    audit: MemoryAudit, tmp_path: Path, postgres_url: str
) -> None:
    async def run(url: str) -> None:
        engine = create_async_engine(url)
        sessions = async_sessionmaker(engine, expire_on_commit=True)
        capture_changes(sessions, client=audit)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions() as session, audit.operation("Rename"):
            site = Site(name="a")
            session.add(site)
            await session.commit()
            site.name = "b"  # expired: its old value is read when it is flushed
            await session.commit()
            await session.execute(update(Site).values(name="c"))
            await session.rollback()
        async with AsyncSession(engine) as other:  # not one of the captured sessions
            other.add(Site(name="x"))
            await other.rollback()
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
        await engine.dispose()

    for url in (
        f"sqlite+aiosqlite:///{tmp_path}/async.db",
        postgres_url.replace("postgresql:", "postgresql+psycopg:"),
    ):
        asyncio.run(run(url))
        (event,) = audit.take()
        assert event["targets"] == [{"type": "site", "id": "1", "name": "b"}]
        assert {"path": "name", "after": "b"} in event["changes"]


def fill(engine: Engine, audit: MemoryAudit, count: int) -> list[str]:
    with Session(engine) as session:
        ids = [record_in(session, audit, f"Op{n}", table=OUTBOX) for n in range(count)]
        session.commit()
    return ids


def test_the_relay_ships_all_in_order_and_leaves_nothing(
    engine: Engine, audit: MemoryAudit, service: FakeService
) -> None:
    ids = fill(engine, audit, 25)
    service.answers += [failing(503)]
    with closing(relay(engine, service, batch_events=10)) as shipping:
        with pytest.raises(SendFailed):
            shipping.ship_once()
        assert shipping.waiting() == (25, 0)
        assert shipping.ship_all().stored == 25
        assert [event["id"] for event in service.events] == ids
        assert shipping.waiting() == (0, 0)
        assert shipping.ship_once() is None


def test_two_relays_and_a_lost_answer_store_each_event_once(
    engine: Engine, audit: MemoryAudit, service: FakeService
) -> None:
    from tests.unit.client.fake_service import dying_after_storing

    ids = fill(engine, audit, 40)
    service.answers += [dying_after_storing, dying_after_storing]
    stop = threading.Event()
    problems: list[str] = []
    threads = [
        threading.Thread(
            target=relay(engine, service, batch_events=7, on_problem=problems.append).run,
            args=(stop, 0.01),
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    counting = relay(engine, service)
    while counting.waiting() != (0, 0):
        stop.wait(0.02)
    stop.set()
    for thread in threads:
        thread.join()
    assert [event["id"] for event in service.events] == ids
    assert len(problems) >= 1


def test_an_event_that_is_refused_stays_with_the_reason(
    engine: Engine, audit: MemoryAudit, service: FakeService
) -> None:
    fill(engine, audit, 3)

    def refuse_second(service: FakeService, events: list[dict[str, Any]]) -> Any:
        reply = {
            "stored": 2,
            "rejected": [{"position": 1, "code": "invalid-event", "detail": "no operation"}],
            "receipts": [],
        }
        return 200, {}, json.dumps(reply).encode()

    service.answers += [refuse_second]
    with closing(relay(engine, service)) as shipping:
        shipped = shipping.ship_once()
    assert shipped is not None
    assert (shipped.stored, shipped.refused) == (2, 1)
    assert shipping.waiting() == (0, 1)
    with engine.connect() as connection:
        problem = connection.execute(select(OUTBOX.c.problem)).scalar_one()
    assert problem == "invalid-event: no operation"


def test_the_relay_masks_what_no_column_name_gives_away(
    engine: Engine, service: FakeService
) -> None:
    event = '{"operation": "X", "metadata": {"note": "Bearer abcdefgh12345678"}}'
    with engine.begin() as connection:
        connection.execute(OUTBOX.insert(), [{"event_id": "x", "event": event}])
    with closing(relay(engine, service)) as shipping:
        assert shipping.waiting() == (1, 0)
        shipped: list[dict[str, Any]] = []

        def keep(service: FakeService, events: list[dict[str, Any]]) -> Any:
            shipped.extend(events)
            return 200, {}, b'{"stored": 1}'

        service.answers += [keep]
        assert shipping.ship_all().stored == 1
    assert shipped[0]["metadata"] == {"note": "Bearer [redacted]"}


def test_the_made_table_is_the_mapped_one(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute(create_sql("sqlite"))
        made = {row[1] for row in connection.execute("PRAGMA table_info(indelible_outbox)")}
    connection.close()
    assert made == set(OUTBOX.columns.keys())


def test_a_commit_that_fails_tells_nothing(postgres_url: str, audit: MemoryAudit) -> None:
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    capture_changes(engine, client=audit)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS deferred"))
        connection.execute(
            text(
                "CREATE TABLE deferred (id int PRIMARY KEY, other int"
                " REFERENCES deferred DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("INSERT INTO deferred VALUES (1, 99)"))
    assert audit.events == []
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO deferred VALUES (1, 1)"))
    assert [event["operation"] for event in audit.events] == ["CreateDeferred"]
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE deferred"))
    engine.dispose()
