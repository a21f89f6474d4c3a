"""Row changes with real SQLite: what is told, with which values, and what is not told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool
from tests.unit.client.fake_service import FakeService

from indelible import Indelible
from indelible.capture.asgi import AuditMiddleware
from indelible.capture.sqlalchemy import capture_changes
from indelible.capture.sqlalchemy.statements import StatementCapture
from indelible.client import audit_context, describe, guard

NewClient = Callable[..., Indelible]


class Base(DeclarativeBase):
    pass


members = Table(
    "members",
    Base.metadata,
    Column("group_id", ForeignKey("group_.id"), primary_key=True),
    Column("user_id", ForeignKey("user_.id"), primary_key=True),
)


class Group(Base):
    __tablename__ = "group_"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    limit: Mapped[Decimal | None] = mapped_column(default=None)
    note: Mapped[str | None] = mapped_column(String, default=None, info={"audit": False})
    users: Mapped[list[User]] = relationship(secondary=members)
    sites: Mapped[list[Site]] = relationship(cascade="all, delete-orphan")


class User(Base):
    __tablename__ = "user_"
    __audit_type__ = "person"
    __audit_name__ = "email"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str] = mapped_column(default="x")


class Site(Base):
    __tablename__ = "site"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group_.id"))
    title: Mapped[str]


class Trace(Base):
    __tablename__ = "trace"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuditedSession(Session):
    """A class of its own, so that listeners do not leak into other tests."""


@pytest.fixture
def client(new_client: NewClient) -> Indelible:
    return new_client()


@pytest.fixture
def session(client: Indelible) -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)

    class Own(AuditedSession):
        pass

    capture_changes(Own, client=client, skip=[Trace])
    with Own(engine) as session:
        yield session
    engine.dispose()


def told(client: Indelible, service: FakeService) -> list[dict[str, Any]]:
    """The events since the last call."""
    assert client.flush(10)
    events, service.events[:] = list(service.events), []
    return events


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        change["path"]: (change.get("before"), change.get("after")) for change in event["changes"]
    }


def test_create_update_delete_are_told_with_before_and_after(
    session: Session, client: Indelible, service: FakeService
) -> None:
    group = Group(name="Depot north", limit=Decimal("9.50"), note="not told")
    session.add(group)
    session.commit()
    (event,) = told(client, service)
    assert event["operation"] == "CreateGroup"
    assert event["targets"] == [{"type": "group", "id": "1", "name": "Depot north"}]
    assert changes(event) == {
        "id": (None, 1),
        "name": (None, "Depot north"),
        "limit": (None, "9.50"),
    }
    group.name = "Depot south"  # expired by the commit: the old value is not in memory
    session.commit()
    (event,) = told(client, service)
    assert (event["operation"], changes(event)) == (
        "UpdateGroup",
        {"name": ("Depot north", "Depot south")},
    )
    session.delete(group)
    session.commit()
    (event,) = told(client, service)
    assert event["operation"] == "DeleteGroup"
    assert changes(event)["name"] == ("Depot south", None)


def test_secrets_are_masked_and_names_are_the_models_own(
    session: Session, client: Indelible, service: FakeService
) -> None:
    user = User(email="ana@meridian.example", password_hash="$argon2id$1")
    session.add(user)
    session.commit()
    user.password_hash = "$argon2id$2"
    session.commit()
    created, updated = told(client, service)
    assert created["targets"][0] == {"type": "person", "id": "1", "name": "ana@meridian.example"}
    assert changes(updated) == {"password_hash": ("[redacted]", "[redacted]")}
    assert "argon2" not in str((created, updated))


def test_nothing_is_told_of_what_is_rolled_back(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.add(Group(name="never"))
    session.flush()
    session.rollback()
    session.add(Group(name="neither"))
    session.flush()
    session.close()
    assert told(client, service) == []


def test_savepoints_are_told_by_their_own_fate(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.add(Group(name="outer"))
    with session.begin_nested():
        session.add(Group(name="kept"))
        with session.begin_nested():
            session.add(Group(name="kept too"))
    lost = session.begin_nested()
    session.add(Group(name="lost"))
    session.flush()
    lost.rollback()
    assert told(client, service) == []  # not before the commit
    session.commit()
    names = {event["targets"][0]["name"] for event in told(client, service)}
    assert names == {"outer", "kept", "kept too"}


def test_a_failed_flush_tells_nothing(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.add(Group(id=1, name="first"))
    session.commit()
    told(client, service)
    session.add_all([Group(name="good"), Site(title="no group", group_id=None)])
    with pytest.raises(Exception, match="NOT NULL"):
        session.commit()
    session.rollback()
    assert told(client, service) == []


def test_links_to_others_are_told_by_name(
    session: Session, client: Indelible, service: FakeService
) -> None:
    ana, ben = User(email="ana@meridian.example"), User(email="ben@meridian.example")
    group = Group(name="Depot north", users=[ana])
    session.add_all([group, ben])
    session.commit()
    told(client, service)
    group.users.append(ben)
    group.users.remove(ana)
    session.commit()
    (event,) = told(client, service)
    assert changes(event) == {"users": (["ana@meridian.example"], ["ben@meridian.example"])}


def test_cascades_and_orphans_are_told(
    session: Session, client: Indelible, service: FakeService
) -> None:
    group = Group(name="Depot", sites=[Site(title="Gate"), Site(title="Yard")])
    session.add(group)
    session.commit()
    told(client, service)
    group.sites.pop(0)
    session.commit()
    (orphan,) = told(client, service)
    assert (orphan["operation"], orphan["targets"][0]["name"]) == ("DeleteSite", "Gate")
    session.delete(group)
    session.commit()
    assert {event["operation"] for event in told(client, service)} == {"DeleteSite", "DeleteGroup"}


def test_statements_are_told_row_by_row_with_values_before_and_after(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.execute(insert(Group), [{"name": "a"}, {"name": "b"}])
    session.execute(update(Group).where(Group.name == "a").values(limit=1, note="not told"))
    session.execute(update(Group).values({Group.name: Group.name + "!"}))
    session.execute(update(Group), [{"id": 2, "name": "by key"}])
    session.execute(update(Group).where(Group.id == 1).values(limit=1))  # changes nothing
    session.execute(delete(Group).where(Group.name == "none"))
    session.execute(delete(Group).where(Group.name == "a!"))
    session.commit()
    events = told(client, service)
    assert all(event["metadata"] == {"bulk": True} for event in events)
    ids = [event["targets"][0].get("id") for event in events]
    assert [event["operation"] for event in events] == (
        ["CreateGroup"] * 2 + ["UpdateGroup"] * 4 + ["DeleteGroup"]
    )
    assert ids[2:] == ["1", "1", "2", "2", "1"]
    assert changes(events[0])["name"] == (None, "a")
    assert changes(events[2]) == {"limit": (None, "1.0000000000")}
    assert [changes(event) for event in events[3:6]] == [
        {"name": ("a", "a!")},
        {"name": ("b", "b!")},
        {"name": ("b!", "by key")},
    ]
    assert changes(events[6])["name"] == ("a!", None)


def test_bulk_methods_core_and_plain_sql_are_not_missed(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.bulk_save_objects([Group(id=1, name="a"), Group(id=2, name="b")])
    session.bulk_update_mappings(Group.__mapper__, [{"id": 1, "name": "c"}])
    session.bulk_insert_mappings(Group.__mapper__, [{"id": 3, "name": "d"}])
    session.add(User(id=1, email="ana@meridian.example"))
    session.flush()  # what a flush writes is not told twice
    connection = session.connection()
    connection.execute(insert(members).values(group_id=1, user_id=1))
    connection.execute(text("UPDATE group_ SET name = 'e' WHERE id < :n"), {"n": 3})
    connection.exec_driver_sql("DELETE FROM site")  # no row, no event
    session.commit()
    events = told(client, service)
    assert [(event["operation"], event["targets"][0].get("id")) for event in events] == [
        ("CreateGroup", "1"),
        ("CreateGroup", "2"),
        ("UpdateGroup", "1"),
        ("CreateGroup", "3"),
        ("CreateUser", "1"),
        ("CreateMembers", "1/1"),
        ("UpdateGroup", None),
    ]
    assert changes(events[2]) == {"name": ("a", "c")}
    assert events[-1]["metadata"] == {"bulk": True, "rows": 2, "plain_sql": True}


def test_a_plain_table_with_columns_of_its_class(
    client: Indelible, service: FakeService, session: Session
) -> None:
    session.add(Group(name="north"))
    session.commit()
    told(client, service)
    table = Group.metadata.tables["group_"]
    session.execute(table.update().where(Group.name == "north").values(name="south"))
    session.execute(table.delete().where(Group.id == 1))
    session.commit()
    updated, deleted = told(client, service)
    assert changes(updated) == {"name": ("north", "south")}
    assert (deleted["operation"], deleted["targets"][0]["id"]) == ("DeleteGroup", "1")


def test_a_statement_that_cannot_be_read_does_not_break_the_host(
    service: FakeService, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("parententity")

    monkeypatch.setattr(StatementCapture, "_wanted", fail)
    monkeypatch.setattr(guard, "reraise", False)
    session.execute(insert(Group).values(name="north"))
    session.execute(update(Group).values(name="south"))
    session.commit()
    assert session.scalars(select(Group.name)).all() == ["south"]


def test_more_rows_than_wanted_are_told_as_one_statement(
    client: Indelible, service: FakeService
) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    capture_changes(engine, client=client, most_rows=2)
    groups = Base.metadata.tables["group_"]
    with engine.begin() as connection:
        connection.execute(insert(groups), [{"id": n, "name": str(n)} for n in range(4)])
        connection.execute(update(groups).values(name="x"))
        connection.execute(delete(groups).where(groups.c.id < 2))
    events = told(client, service)
    assert [(event["operation"], event["metadata"]) for event in events[:2]] == [
        ("CreateGroup", {"bulk": True, "rows": 4}),
        ("UpdateGroup", {"bulk": True, "rows": 4}),
    ]
    assert [event["operation"] for event in events[2:]] == ["DeleteGroup"] * 2
    engine.dispose()


def test_core_savepoints_and_rollbacks_take_their_rows_with_them(
    client: Indelible, service: FakeService
) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    capture_changes(engine, client=client)
    groups = Base.metadata.tables["group_"]
    with engine.connect() as connection:
        with connection.begin():
            connection.execute(insert(groups).values(name="kept"))
            outer = connection.begin_nested()
            connection.execute(insert(groups).values(name="lost"))
            with connection.begin_nested():
                connection.execute(insert(groups).values(name="lost too"))
            outer.rollback()
            with connection.begin_nested():
                connection.execute(insert(groups).values(name="kept too"))
            assert told(client, service) == []
        connection.execute(insert(groups).values(name="never"))
        connection.rollback()
    names = [event["targets"][0]["name"] for event in told(client, service)]
    assert names == ["kept", "kept too"]
    engine.dispose()


def test_skipped_models_and_unchanged_values_are_not_told(
    session: Session, client: Indelible, service: FakeService
) -> None:
    session.add_all([Trace(), group := Group(name="same")])
    session.commit()
    told(client, service)
    group.name = "same"
    session.execute(delete(Trace))
    session.commit()
    assert told(client, service) == []


def test_inside_a_request_the_changes_join_its_event(
    session: Session, client: Indelible, service: FakeService
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        group = Group(name="one")
        session.add(group)
        session.commit()
        group.name = "two"
        session.commit()
        describe(operation="CreateGroup")
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(message: Any) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/groups", "headers": []}
    asyncio.run(AuditMiddleware(app, client)(scope, None, nothing))  # type: ignore[arg-type]
    (event,) = told(client, service)
    assert event["targets"] == [{"type": "group", "id": "1", "name": "two"}]
    assert changes(event) == {"id": (None, 1), "name": (None, "two")}


def test_several_things_in_one_request_keep_their_fields_apart(
    session: Session, client: Indelible, service: FakeService
) -> None:
    with audit_context() as holder:
        holder.collects = True
        session.add(Group(name="a"))
        session.commit()
        session.add(User(email="b@meridian.example"))
        session.commit()
        describe(targets=[{"type": "group", "id": "1", "name": "said by hand"}])
        targets, found = holder.collected()
    assert targets[0] == {"type": "group", "id": "1", "name": "said by hand"}
    assert [getattr(target, "type", None) for target in targets[1:]] == ["person"]
    assert {getattr(change, "path", None) for change in found} == {
        "group/1.id",
        "group/1.name",
        "person/1.id",
        "person/1.email",
        "person/1.password_hash",
    }


def test_a_job_leaves_one_event_per_row_with_its_job(
    session: Session, client: Indelible, service: FakeService
) -> None:
    with audit_context(stream="task", job={"id": "j_1", "state": "started"}):
        session.add_all([Group(name="a"), Group(name="b")])
        session.commit()
    events = told(client, service)
    assert [event["targets"][0]["name"] for event in events] == ["a", "b"]
    assert {event["job"]["id"] for event in events} == {"j_1"}
    assert {(event["method"], event["outcome"]) for event in events} == {("RowCreated", "success")}
