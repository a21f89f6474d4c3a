"""Django's trigger mode on PostgreSQL: all writes are told, with the person of the request."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.capture.shop.project import configure, on_postgres

configure(skip=["shop.Depot.note"])

from django.contrib.auth.models import User  # noqa: E402 - after the settings
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F, signals  # noqa: E402
from django.test import Client  # noqa: E402
from tests.capture.shop.models import Depot, Gate, Tag  # noqa: E402

from indelible.capture.django import triggers, use_client  # noqa: E402
from indelible.capture.django.changes import ModelCapture  # noqa: E402
from indelible.capture.django.conf import HookSettings  # noqa: E402
from indelible.client import audit_context  # noqa: E402
from indelible.testing import MemoryAudit  # noqa: E402

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}
SIGNALS = (
    signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete,
    signals.m2m_changed,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def trigger_mode(postgres_url: str) -> Iterator[None]:
    for signal in SIGNALS:
        signal.disconnect(dispatch_uid="indelible.changes")
    with on_postgres(postgres_url, "shop_by_trigger"):
        # Of QuerySet's wrapped methods only the way back to Django's own is left.
        ModelCapture(HookSettings(skip=LABELS)).listen()
        for signal in SIGNALS:
            signal.disconnect(dispatch_uid="indelible.changes")
        triggers.listen()
        call_command("indelible_triggers", "shop", "auth.User", stdout=io.StringIO())
        yield
        triggers.stop_listening()
    ModelCapture(HookSettings(skip=("shop.Depot.note",))).listen()


LABELS = ("shop.Depot", "shop.Gate", "shop.Tag", "auth.User")


@pytest.fixture(autouse=True)
def audit() -> Iterator[MemoryAudit]:
    with MemoryAudit() as audit:
        before = use_client(audit)
        yield audit
        for model in (Gate, Depot, Tag, User):
            model.objects.all().delete()
        told()
        use_client(before)


def told() -> list[dict[str, Any]]:
    """What the triggers wrote since the last call, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT event FROM indelible_outbox ORDER BY id")
        rows = cursor.fetchall()
        cursor.execute("DELETE FROM indelible_outbox")
    return [json.loads(event) for (event,) in rows]


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {one["path"]: (one.get("before"), one.get("after")) for one in event["changes"]}


def who(event: dict[str, Any]) -> str:
    return str(event["actor"].get("email") or event["actor"]["name"])


def test_every_way_to_write_is_told_with_the_person(audit: MemoryAudit) -> None:
    with audit_context(actor=ANA, request_id="r_1"):
        depot = Depot.objects.create(name="north", note="left out")
        other = Depot.objects.bulk_create([Depot(name="south")])[0]
        depot.tags.add(Tag.objects.create(name="red"))
        Depot.objects.update(limit=F("limit") + 5)
        Depot.objects.bulk_create(
            [Depot(pk=depot.pk, name="upserted")],
            update_conflicts=True, unique_fields=["id"], update_fields=["name"],
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_depot SET name = 'by hand' WHERE id = %s", [other.pk])
        Depot.objects.filter(pk=other.pk)._raw_delete("default")
    events = told()
    assert [event["operation"] for event in events] == [
        "CreateDepot", "CreateDepot", "CreateTag", "CreateDepotTags", "UpdateDepot", "UpdateDepot",
        "UpdateDepot", "UpdateDepot", "DeleteDepot",
    ]  # fmt: skip
    assert {who(event) for event in events} == {"ana@meridian.example"}
    assert {event["context"]["request_id"] for event in events} == {"r_1"}
    made, upserted, by_hand = events[0], events[6], events[7]
    assert made["targets"] == [{"type": "depot", "id": str(depot.pk), "name": "north"}]
    assert "note" not in changes(made)
    assert changes(upserted)["name"] == ("north", "upserted")
    assert changes(by_hand) == {"name": ("south", "by hand")}
    assert audit.take() == []  # nothing is told twice


def test_who_acts_ends_with_its_transaction(audit: MemoryAudit) -> None:
    with audit_context(actor=ANA):
        Depot.objects.create(name="ana's")
    Depot.objects.create(name="nobody's")
    with transaction.atomic():
        try:
            with audit_context(actor=ANA), transaction.atomic():
                Depot.objects.create(name="undone")
                raise ValueError
        except ValueError:
            pass
        with audit_context(actor=ANA):
            # The setting went with the savepoint, and is made again.
            Depot.objects.create(name="ana's again")
        with audit_context(actor={**ANA, "email": "eve@meridian.example"}):
            Depot.objects.update(limit=1)
    events = told()
    assert [who(event) for event in events[:3]] == [
        "ana@meridian.example", who(events[1]), "ana@meridian.example",
    ]  # fmt: skip
    assert "ana" not in who(events[1])
    assert {who(event) for event in events[3:]} == {"eve@meridian.example"}


def test_a_request_names_its_user_and_others_the_database_user(
    audit: MemoryAudit, postgres_url: str
) -> None:
    User.objects.create_user("ana", "ana@meridian.example", "right")
    depot = Depot.objects.create(name="north")
    browser = Client()
    browser.post("/login", {"name": "ana", "password": "right"})
    told()
    assert browser.post(f"/depots/{depot.pk}/rename", {"name": "south"}).status_code == 200
    (event,) = told()
    (request,) = [one for one in audit.take() if one["operation"] == "RenameDepot"]
    assert (who(event), changes(event)) == ("ana@meridian.example", {"name": ("north", "south")})
    assert event["context"]["request_id"] == request["context"]["request_id"]
    with psycopg.connect(postgres_url.replace("/postgres", "/shop_by_trigger")) as other:
        other.execute("UPDATE shop_depot SET name = 'psql'")
    (event,) = told()
    assert (event["operation"], event["actor"]["id"]) == ("UpdateDepot", "app")


def test_the_command(audit: MemoryAudit) -> None:
    said = io.StringIO()
    with pytest.raises(CommandError, match=r"without triggers: .*auth_group"):
        call_command("indelible_triggers", "--check", stdout=said)
    call_command("indelible_triggers", "shop", "--check", stdout=said)
    call_command("indelible_triggers", "shop.Tag", "--remove", stdout=said)
    with pytest.raises(CommandError, match=r"without triggers: shop_tag$"):
        call_command("indelible_triggers", "shop", "--check", stdout=said)
    call_command("indelible_triggers", "shop.Tag", "--print", stdout=said)
    assert "CREATE TRIGGER indelible_rows AFTER INSERT" in said.getvalue()
    call_command("indelible_triggers", "shop.Tag", stdout=said)
    call_command("indelible_triggers", "shop", "--check", stdout=said)
    with pytest.raises(CommandError, match="no such models"):
        call_command("indelible_triggers", "nothing", stdout=said)
