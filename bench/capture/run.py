"""
One measurement in a process of its own: `python -m bench.capture.run asgi ours`.

Prints JSON: microseconds of processor time per request or per row, the best of several rounds.
Nothing is sent meanwhile: what is measured is what the product itself pays.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 5
REQUESTS = 5_000
ROWS = 500


def client() -> Any:
    """A client that only queues."""
    from indelible import Indelible
    from indelible.client import Pace

    return Indelible(
        "http://127.0.0.1:9",
        "k",
        source="bench",
        pace=Pace(linger_s=3600.0, batch_events=10_000_000),
        max_queue=10_000_000,
        max_queue_bytes=2**34,
        on_sigterm="leave",
    )


def best(step: Callable[[], int]) -> float:
    """Microseconds per thing; `step` does some and returns how many."""
    found = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        count = step()
        found.append((time.process_time() - began_s) / count * 1e6)
    return min(found)


def asgi(kind: str) -> dict[str, float]:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def rename_group(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    path = "/groups/{group_id}/rename"
    app: Any = Starlette(routes=[Route(path, rename_group, methods=["POST", "GET"])])
    if kind == "ours":
        from indelible.capture.asgi import AuditMiddleware

        app = AuditMiddleware(app, client(), trusted_proxies=["10.0.0.0/8"])
    headers = [(b"host", b"shop.example"), (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)"),
               (b"x-forwarded-for", b"203.0.113.7"), (b"accept", b"*/*"),
               (b"content-type", b"application/json"), (b"cookie", b"session=abc")]  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(_: Any) -> None:
        return None

    def requests(method: str) -> Callable[[], int]:
        async def drive() -> None:
            for number in range(REQUESTS):
                scope = {
                    "type": "http", "method": method, "path": f"/groups/{number}/rename",
                    "root_path": "", "query_string": b"", "headers": headers,
                    "client": ("10.0.0.1", 4000), "scheme": "http", "server": ("x", 80),
                    "http_version": "1.1", "asgi": {"version": "3.0"},
                }  # fmt: skip
                await app(scope, receive, send)

        def step() -> int:
            asyncio.run(drive())
            return REQUESTS

        return step

    return {"write": best(requests("POST")), "read": best(requests("GET"))}


def sqlalchemy(kind: str) -> dict[str, float]:
    from sqlalchemy import Boolean, Integer, String, create_engine
    from sqlalchemy.orm import DeclarativeBase, configure_mappers, mapped_column, sessionmaker
    from sqlalchemy.orm import Session as PlainSession

    if kind == "continuum":
        from sqlalchemy_continuum import make_versioned

        make_versioned(user_cls=None)

    class Base(DeclarativeBase):
        pass

    class Depot(Base):
        __tablename__ = "depot"
        if kind == "continuum":
            __versioned__: dict[str, Any] = {}
        id = mapped_column(Integer, primary_key=True)
        name = mapped_column(String(50), nullable=False)
        city = mapped_column(String(50), nullable=False)
        limit = mapped_column(Integer, default=0)
        open = mapped_column(Boolean, default=True)

    configure_mappers()
    engine = create_engine("sqlite://")

    class Session(PlainSession):
        pass

    if kind.startswith("ours"):
        from indelible.capture.sqlalchemy import capture_changes, outbox_table

        by_outbox = kind == "ours-outbox"
        outbox_table(Base.metadata)
        sessions = sessionmaker(engine, class_=Session)
        delivery: Any = "outbox" if by_outbox else "commit"
        capture_changes(sessions, client=client(), delivery=delivery)
    else:
        sessions = sessionmaker(engine, class_=Session)
    Base.metadata.create_all(engine)
    kept: list[int] = []

    def create() -> int:
        kept.clear()
        for start in range(0, ROWS, 10):
            with sessions.begin() as session:
                rows = [Depot(name=f"d{start + n}", city="Bonn") for n in range(10)]
                session.add_all(rows)
                session.flush()
                kept.extend(row.id for row in rows)
        return ROWS

    def update() -> int:
        for start in range(0, ROWS, 10):
            with sessions.begin() as session:
                for key in kept[start : start + 10]:
                    row = session.get_one(Depot, key)
                    row.name, row.limit = row.name + "!", row.limit + 1
        return ROWS

    return {"create": best(create), "update": best(update)}


def django(kind: str) -> dict[str, float]:
    from django.conf import settings

    apps = {"auditlog": ["auditlog"], "simple-history": ["simple_history"]}.get(kind, [])
    if kind.startswith("ours"):
        apps = ["indelible.capture.django"]
    settings.configure(
        SECRET_KEY="k",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *apps],
        INDELIBLE={
            "url": "http://127.0.0.1:9", "key": "k", "source": "bench",
            "delivery": "outbox" if kind == "ours-outbox" else "commit",
        },
    )  # fmt: skip
    import django as package

    package.setup()
    from django.core.management import call_command
    from django.db import connection, models, transaction

    class Depot(models.Model):  # type: ignore[misc] # Django ships no types
        name = models.CharField(max_length=50)
        city = models.CharField(max_length=50)
        limit = models.IntegerField(default=0)
        open = models.BooleanField(default=True)
        if kind == "simple-history":
            from simple_history.models import HistoricalRecords

            history = HistoricalRecords(app="auth")

        class Meta:
            app_label = "auth"

    if kind == "auditlog":
        from auditlog.registry import auditlog

        auditlog.register(Depot)
    if kind.startswith("ours"):
        from indelible.capture.django import use_client

        use_client(client())
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Depot)
        if kind == "simple-history":
            editor.create_model(Depot.history.model)
    kept: list[Any] = []

    def create() -> int:
        kept.clear()
        for start in range(0, ROWS, 10):
            with transaction.atomic():
                kept.extend(
                    Depot.objects.create(name=f"d{start + n}", city="Bonn") for n in range(10)
                )
        return ROWS

    def update() -> int:
        for start in range(0, ROWS, 10):
            with transaction.atomic():
                for row in kept[start : start + 10]:
                    row.name, row.limit = row.name[:20] + "!", row.limit + 1
                    row.save()
        return ROWS

    return {"create": best(create), "update": best(update)}


if __name__ == "__main__":
    what, kind = sys.argv[1:]
    print(json.dumps({"asgi": asgi, "sqlalchemy": sqlalchemy, "django": django}[what](kind)))
    sys.stdout.flush()
    os._exit(0)  # the queue is not sent anywhere
