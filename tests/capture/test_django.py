"""A Django project with its own database: requests, users, model changes, logins."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.capture.shop.project import configure, on_postgres
from tests.unit.client.fake_service import FakeService

configure(skip=["shop.Depot.note"])

from django.contrib.auth.models import Group, User  # noqa: E402 - after the settings
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from tests.capture.shop.models import Depot, Gate, Tag  # noqa: E402

from indelible.capture.django import use_client  # noqa: E402
from indelible.capture.django.changes import ModelCapture  # noqa: E402
from indelible.capture.django.conf import HookSettings  # noqa: E402
from indelible.capture.django.middleware import template_of_route  # noqa: E402
from indelible.capture.django.outbox import record_in  # noqa: E402
from indelible.testing import MemoryAudit, assert_audited  # noqa: E402


@pytest.fixture(scope="module", autouse=True, params=["sqlite", "postgresql"])
def tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything below runs on both."""
    if request.param == "sqlite":
        call_command("migrate", verbosity=0, run_syncdb=True)
        yield
        connection.close()
        return
    with on_postgres(request.getfixturevalue("postgres_url"), "shop"):
        yield


@pytest.fixture(autouse=True)
def audit(tables: None) -> Iterator[MemoryAudit]:
    with MemoryAudit() as audit:
        before = use_client(audit)
        yield audit
        for model in (Gate, Depot, Tag, User, Group):
            model.objects.all().delete()
        use_client(before)


@pytest.fixture
def ana(audit: MemoryAudit) -> User:
    user = User.objects.create_user("ana", "ana@meridian.example", "right")
    audit.take()
    return user


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        change["path"]: (change.get("before"), change.get("after"))
        for change in event.get("changes", [])
    }


def test_a_request_carries_user_route_and_changes(audit: MemoryAudit, ana: User) -> None:
    depot = Depot.objects.create(name="north")
    browser = Client()
    browser.post("/login", {"name": "ana", "password": "right"})
    audit.take()
    assert browser.post(f"/depots/{depot.pk}/rename", {"name": "south"}).status_code == 200
    (event,) = audit.events
    assert (event["operation"], event["endpoint"], event["status"]) == (
        "RenameDepot",
        "/depots/{pk}/rename",
        200,
    )
    assert event["actor"] == {
        "kind": "user",
        "id": str(ana.pk),
        "email": "ana@meridian.example",
        "name": "ana",
    }
    assert event["targets"] == [{"type": "depot", "id": str(depot.pk), "name": "south"}]
    assert changes(event) == {"name": ("north", "south")}
    assert event["context"]["session_id"].startswith("s_")


def test_async_requests_too(audit: MemoryAudit, ana: User) -> None:
    depot = Depot.objects.create(name="north")
    audit.take()

    async def drive() -> None:
        browser = AsyncClient()
        await browser.aforce_login(ana)
        audit.take()
        reply = await browser.post(f"/depots/{depot.pk}/arename")
        assert reply.status_code == 200

    asyncio.run(drive())
    (event,) = audit.events
    assert (event["operation"], event["reason"]) == ("ArenameDepot", "because")
    assert event["actor"]["id"] == str(ana.pk)
    assert changes(event) == {"name": ("north", "async")}


def test_logins_failed_logins_and_logouts(audit: MemoryAudit, ana: User) -> None:
    browser = Client()
    browser.post("/login", {"name": "eve", "password": "wrong"})
    failed = assert_audited(audit, method="LoginFailed", outcome="failure", target="eve")
    assert failed["actor"] == {"kind": "anonymous"}
    assert failed["origin"]["ip"] == "127.0.0.1"
    assert "wrong" not in str(audit.events)
    browser.post("/login", {"name": "ana", "password": "right"})
    assert_audited(audit, method="UserLogin", actor="ana@meridian.example", times=1)
    browser.post("/logout")
    assert_audited(audit, method="UserLogout", actor="ana@meridian.example", times=1)
    # Each belongs to its request; `last_login` is no change of its own.
    assert [event["operation"] for event in audit.events] == [
        "OpenSession",
        "LogIn",
        "OpenSession",
        "LogIn",
        "CloseSession",
        "LogOut",
    ]
    assert not [event for event in audit.events if "last_login" in str(event)]


def test_denied_failing_streamed_and_marked_requests(audit: MemoryAudit) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    assert browser.get("/forbidden").status_code == 403
    assert browser.post("/protected").status_code == 403
    assert browser.post("/fail").status_code == 500
    assert b"".join(browser.post("/stream")) == b"ab"
    assert browser.get("/reports/stock-list/").status_code == 200
    assert browser.get("/reports/UPPER/").status_code == 404
    forbidden, csrf, failed, streamed, read = audit.events
    assert (forbidden["operation"], forbidden["status"]) == ("Forbidden", 403)
    assert (csrf["operation"], csrf["status"]) == ("Protected", 403)
    assert failed["metadata"] == {"error": "ZeroDivisionError"}
    assert "hunter2" not in str(audit.events)
    assert (streamed["operation"], streamed["reason"]) == ("Stream", "at the end")
    assert (read["operation"], read["endpoint"]) == ("ReadReport", "/reports/{name}/")


def test_what_a_save_tells(audit: MemoryAudit) -> None:
    depot = Depot.objects.create(name="north", api_key="k-1", note="left out")
    (created,) = audit.take()
    assert (created["operation"], created["method"]) == ("CreateDepot", "RowCreated")
    assert created["targets"] == [{"type": "depot", "id": str(depot.pk), "name": "north"}]
    assert changes(created) == {
        "id": (None, depot.pk),
        "name": (None, "north"),
        "limit": (None, "0"),
        "api_key": (None, "[redacted]"),
    }

    depot.limit = "12.5"
    depot.save()
    (first,) = audit.take()
    assert (first["operation"], first["method"]) == ("UpdateDepot", "RowUpdated")
    assert changes(first) == {"limit": ("0.00", "12.5")}
    depot.save()
    assert audit.take() == []  # nothing has changed

    Depot(pk=depot.pk, name="south", limit=1).save()  # not loaded, and yet a change
    (second,) = audit.take()
    assert second["operation"] == "UpdateDepot"
    assert second["targets"] == [{"type": "depot", "id": str(depot.pk), "name": "south"}]
    assert changes(second) == {
        "name": ("north", "south"),
        "limit": ("12.50", "1"),
        "api_key": ("[redacted]", "[redacted]"),
    }


def test_only_the_fields_that_are_saved_are_told(audit: MemoryAudit) -> None:
    depot = Depot.objects.create(name="north")
    audit.take()
    depot.name, depot.limit = "west", 7
    depot.save(update_fields=["name"])
    (event,) = audit.take()
    assert changes(event) == {"name": ("north", "west")}
    assert event["targets"] == [{"type": "depot", "id": str(depot.pk), "name": "west"}]
    depot.refresh_from_db()
    assert depot.limit == 0


def test_a_delete_tells_what_was_there_and_what_went_with_it(audit: MemoryAudit) -> None:
    depot = Depot.objects.create(name="west", note="left out")
    gate = Gate.objects.create(depot=depot, title="A")
    key, gate_key = depot.pk, gate.pk
    audit.take()
    Depot.objects.filter(pk=key).delete()
    below, deleted = audit.take()
    assert (below["operation"], below["method"]) == ("DeleteGate", "RowDeleted")
    assert below["targets"] == [{"type": "gate", "id": str(gate_key), "name": "A"}]
    assert changes(below) == {
        "id": (gate_key, None),
        "depot": (key, None),
        "title": ("A", None),
    }
    assert deleted["operation"] == "DeleteDepot"
    assert deleted["targets"] == [{"type": "depot", "id": str(key), "name": "west"}]
    assert changes(deleted) == {
        "id": (key, None),
        "name": ("west", None),
        "limit": ("0.00", None),
        "api_key": ("[redacted]", None),
    }


def test_short_names_inside_of_a_namespace_say_of_what(audit: MemoryAudit) -> None:
    assert Client().post("/stock/edit").status_code == 200
    (event,) = audit.events
    assert (event["operation"], event["endpoint"]) == ("EditStock", "/stock/edit")


def test_querysets_that_send_no_signals_are_not_missed(audit: MemoryAudit) -> None:
    made = Depot.objects.bulk_create([Depot(name="a"), Depot(name="b")])
    assert [event["operation"] for event in audit.take()] == ["CreateDepot"] * 2
    Depot.objects.update(limit=F("limit") + 5)
    assert [changes(event) for event in audit.take()] == [{"limit": ("0.00", "5.00")}] * 2
    for depot in made:
        depot.name += "!"
    Depot.objects.bulk_update(made, ["name"])
    assert [changes(event)["name"] for event in audit.take()] == [("a", "a!"), ("b", "b!")]
    Depot.objects.filter(name="none").update(name="x")
    Depot.objects.filter(pk=made[0].pk).update(limit=Decimal(5))  # changes nothing
    assert audit.take() == []
    gate = Gate.objects.create(depot=made[0], title="A")
    audit.take()
    made[1].gate_set.add(gate)
    (moved,) = audit.take()
    assert changes(moved) == {"depot": (made[0].pk, made[1].pk)}
    assert moved["metadata"] == {"bulk": True}


def test_many_to_many_in_both_directions(audit: MemoryAudit) -> None:
    depot, red, blue = (
        Depot.objects.create(name="north"),
        Tag.objects.create(name="red"),
        Tag.objects.create(name="blue"),
    )
    audit.take()
    depot.tags.add(red, blue)
    depot.tags.remove(red)
    depot.tags.clear()
    blue.depots.add(depot)
    added, removed, cleared, back = audit.take()
    both = sorted([f"{red.pk} red", f"{blue.pk} blue"])
    assert changes(added) == {"tags": (None, both)}
    assert changes(removed) == {"tags": ([f"{red.pk} red"], None)}
    assert changes(cleared) == {"tags": ([f"{blue.pk} blue"], None)}
    assert (back["operation"], changes(back)) == (
        "UpdateTag",
        {"depots": (None, [f"{depot.pk} north"])},
    )


def test_rollbacks_and_savepoints_tell_nothing(audit: MemoryAudit) -> None:
    with transaction.atomic():
        Depot.objects.create(name="kept")
        try:
            with transaction.atomic():
                Depot.objects.create(name="lost")
                raise ValueError
        except ValueError:
            pass
        assert audit.events == []
    assert [event["targets"][0]["name"] for event in audit.take()] == ["kept"]


def test_many_rows_are_one_statement(audit: MemoryAudit) -> None:
    ModelCapture(HookSettings(most_rows=2)).listen()
    Depot.objects.bulk_create([Depot(name=str(n)) for n in range(3)])
    Depot.objects.update(name="x")
    assert [(event["operation"], event["metadata"]) for event in audit.take()] == [
        ("CreateDepot", {"bulk": True, "rows": 3}),
        ("UpdateDepot", {"bulk": True, "rows": 3}),
    ]
    ModelCapture(HookSettings(skip=("shop.Depot.note",))).listen()


def test_the_outbox_is_in_the_same_transaction_and_is_shipped(
    audit: MemoryAudit, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setitem(settings.INDELIBLE, "url", service.url)
    hook = HookSettings(delivery="outbox")
    from django.db.models import signals

    for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete):
        signal.disconnect(dispatch_uid="indelible.changes")
    ModelCapture(hook).listen()
    try:
        with transaction.atomic():
            depot = Depot.objects.create(name="kept")
            Depot.objects.update(name="renamed")
            record_in("ApproveDepot", reason="looks right")
        try:
            with transaction.atomic():
                depot.delete()
                raise ValueError
        except ValueError:
            pass
        assert audit.events == []
        call_command("indelible_relay", "--once", stdout=io.StringIO())
    finally:
        for signal in (
            signals.pre_save,
            signals.post_save,
            signals.pre_delete,
            signals.post_delete,
        ):
            signal.disconnect(dispatch_uid="indelible.changes")
        ModelCapture(HookSettings(skip=("shop.Depot.note",))).listen()
    assert [event["operation"] for event in service.events] == [
        "CreateDepot",
        "UpdateDepot",
        "ApproveDepot",
    ]


@pytest.mark.parametrize(
    ("route", "template"),
    [
        ("groups/<int:pk>/", "/groups/{pk}/"),
        (r"^groups/(?P<pk>[0-9]+)/$", "/groups/{pk}/"),
        (r"^a/(?P<x>(?:a|b)(\d+))/(?P<y>\w+)\Z", "/a/{x}/{y}"),
        ("", "/"),
    ],
)
def test_templates_of_routes(route: str, template: str) -> None:
    assert template_of_route(route) == template
