"""PostgreSQL trigger mode: whoever changes a watched table leaves an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from tests.unit.client.fake_service import FakeService

from indelible.capture.sqlalchemy import capture_changes
from indelible.cli.root import cli
from indelible.client import audit_context
from indelible.testing import MemoryAudit

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    region: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    password_hash: Mapped[str | None] = mapped_column(default=None)
    note: Mapped[str | None] = mapped_column(default=None)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.output


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            'CREATE TABLE "account" (number int, region text, name text NOT NULL,'
            " password_hash text, note text, balance numeric(10,2) DEFAULT 0,"
            " PRIMARY KEY (region, number))"
        )
    options = ["--database", postgres_url, "--table", "account", "--leave-out", "account.note"]
    run("triggers", "apply", *options)
    run("triggers", "apply", *options)  # may be run again
    assert "indelible_rows" in run("triggers", "print", *options)
    yield postgres_url
    run("triggers", "remove", "--database", postgres_url, "--table", "account")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute('DROP TABLE "account", indelible_outbox')


def told(url: str, audit: MemoryAudit) -> list[dict[str, Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("DELETE FROM indelible_outbox RETURNING id, event").fetchall()
    return [audit.keep(event.encode()) for _, event in sorted(rows)]


def test_plain_sql_leaves_events_with_values_and_the_database_user(
    database: str, audit: MemoryAudit
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO account (region, number, name, password_hash, note)"
            " VALUES ('eu', 1, 'Ana', 'argon', 'n'), ('eu', 2, 'Ben', NULL, NULL)"
        )
        connection.execute("UPDATE account SET name = name || '!', password_hash = 'x', note = 'y'")
        connection.execute("UPDATE account SET name = name")
        connection.execute("UPDATE account SET note = 'only what is left out'")
        connection.execute("DELETE FROM account WHERE number = 2")
        connection.execute("TRUNCATE account")
    events = told(database, audit)
    assert [event["operation"] for event in events] == (
        ["CreateAccount"] * 2 + ["UpdateAccount"] * 2 + ["DeleteAccount", "TruncateAccount"]
    )
    first, _, changed, *_ = events
    assert first["targets"] == [{"type": "account", "id": "eu/1", "name": "Ana"}]
    assert {"path": "balance", "after": 0.0} in first["changes"]
    assert changed["changes"] == [
        {"path": "name", "before": "Ana", "after": "Ana!"},
        {"path": "password_hash", "before": "[redacted]", "after": "[redacted]"},
    ]
    assert first["actor"] == {"kind": "service", "id": "app", "name": "database user app"}
    assert [event["method"] for event in events[::2]] == ["RowCreated", "RowUpdated", "RowDeleted"]


def test_the_session_says_who_acts_and_the_setting_ends_with_the_transaction(
    database: str, audit: MemoryAudit
) -> None:
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:"), pool_size=1)

    class Own(Session):
        pass

    capture_changes(Own, client=audit, delivery="trigger")
    with Own(engine) as session:
        with audit_context(actor=ANA, request_id="r_1", origin={"ip": "203.0.113.7"}):
            session.add(Account(region="eu", number=1, name="Ana"))
            session.flush()
            lost = session.begin_nested()
            session.execute(text("UPDATE account SET name = 'lost'"))
            lost.rollback()
            session.execute(text("UPDATE account SET name = 'by hand'"))
            session.commit()
        with engine.begin() as connection:  # the same pooled connection
            connection.exec_driver_sql("/* no session */ SELECT 1")
            raw = connection.connection.cursor()
            raw.execute("UPDATE account SET name = 'raw'")
    created, by_hand, raw_event = told(database, audit)
    assert (created["actor"], by_hand["actor"]) == (ANA, ANA)
    assert created["context"]["request_id"] == "r_1"
    assert by_hand["origin"] == {"ip": "203.0.113.7"}
    assert raw_event["actor"]["kind"] == "service"
    assert audit.events == [created, by_hand, raw_event]  # nothing but the triggers has told
    engine.dispose()


def test_the_relay_command_ships_what_triggers_wrote(database: str, service: FakeService) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for number in range(3):
            connection.execute(
                "INSERT INTO account (region, number, name) VALUES ('eu', %s, %s)",
                (number, "x" * 5000),
            )
    options = ["--database", database]
    assert run("outbox", "status", *options) == "waiting 3\nrefused 0\n"
    run("outbox", "relay", *options, "--url", service.url, "--key", "k", "--once")
    assert run("outbox", "status", *options) == "waiting 0\nrefused 0\n"
    assert [event["targets"][0]["id"] for event in service.events] == ["eu/0", "eu/1", "eu/2"]
    assert len(json.dumps(service.events[0])) < 6000


def test_wrong_names_are_refused(postgres_url: str) -> None:
    done = CliRunner().invoke(
        cli, ["triggers", "print", "--database", postgres_url, "--table", "none"]
    )
    assert "no table 'none'" in str(done.exception)
