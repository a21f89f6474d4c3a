"""`django.tasks`: who caused a task, its start, its end, its error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.capture.shop.project import configure

configure(skip=["shop.Depot.note"])

tasks = pytest.importorskip("django.tasks", reason="django.tasks came with Django 6")

from indelible.capture.django import use_client  # noqa: E402 - after the settings
from indelible.client import audit_context, current  # noqa: E402
from indelible.testing import MemoryAudit  # noqa: E402

ANA = {"kind": "user", "id": "u_1", "name": "Ana"}
NAME = f"{__name__}.send_invoice"


def send_invoice(number: int) -> int:
    holder = current()
    assert holder is not None
    assert holder.actor == {"kind": "task", "id": NAME, "name": NAME}
    if number < 0:
        raise ValueError(f"no invoice {number}, password=hunter2")
    return number


@pytest.fixture(autouse=True)
def client(audit: MemoryAudit) -> Iterator[None]:
    before = use_client(audit)
    yield
    use_client(before)


def test_a_task_is_told_from_its_queue_to_its_end(audit: MemoryAudit) -> None:
    send = tasks.task(send_invoice)
    with audit_context(actor=ANA, request_id="r_1"):
        result = send.enqueue(7)
    queued, started, ended = audit.take()
    assert [e["method"] for e in (queued, started, ended)] == [
        "TaskQueued",
        "TaskStarted",
        "TaskSucceeded",
    ]
    assert queued["actor"] == ANA
    assert ended["actor"] == {
        "kind": "task", "id": NAME, "name": NAME, "on_behalf_of": ANA,
    }  # fmt: skip
    assert (ended["operation"], ended["context"]["request_id"]) == ("SendInvoice", "r_1")
    assert ended["job"]["id"] == result.id
    assert (ended["job"]["state"], ended["job"]["queue"]) == ("succeeded", "default")
    assert ended["job"]["duration_ms"] >= 0


def test_a_task_that_fails_tells_why_and_no_secret(audit: MemoryAudit) -> None:
    tasks.task(send_invoice).enqueue(-1)
    *_, ended = audit.take()
    assert (ended["method"], ended["outcome"]) == ("TaskFailed", "failure")
    assert ended["reason"] == "ValueError: no invoice -1, password=[redacted]"
    assert "hunter2" not in str(ended)
    assert current() is None


def test_two_tasks_have_one_end_each(audit: MemoryAudit) -> None:
    for number in (1, 2):
        tasks.task(send_invoice).enqueue(number)
    told = audit.take()
    assert len({event["job"]["id"] for event in told}) == 2
    assert [event["job"]["state"] for event in told] == ["queued", "started", "succeeded"] * 2


def test_coverage_finds_the_tasks_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.capture.shop import models

    from indelible.capture.inventory import Surface, inventory_of

    def sweep_depots() -> None: ...

    sweep_depots.__module__, sweep_depots.__qualname__ = models.__name__, "sweep_depots"
    monkeypatch.setattr(models, "sweep_depots", sweep_depots, raising=False)
    monkeypatch.setattr(models, "sweep", tasks.task(sweep_depots), raising=False)
    found = [one for one in inventory_of("django") if one.kind == "job"]
    assert found == [Surface("job", f"{models.__name__}.sweep_depots")]
