"""Configures Django once for the process that runs these tests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

_folder = tempfile.TemporaryDirectory(prefix="indelible-django-")


def configure(**indelible: Any) -> None:
    """Settings as a project has them; the second call changes nothing."""
    if settings.configured:
        return
    settings.configure(
        SECRET_KEY="for these tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.capture.shop.views",
        LOGIN_URL="/login",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(_folder.name) / "shop.db"),
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "indelible.capture.django",
            "tests.capture.shop",
        ],
        MIDDLEWARE=[
            "indelible.capture.django.AuditMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        INDELIBLE={"url": "http://127.0.0.1:9", "key": "k", "source": "shop", **indelible},
    )
    django.setup()


@contextmanager
def on_postgres(url: str, name: str) -> Iterator[None]:
    """The project's tables in a new database of this server, in place of its SQLite."""
    import psycopg
    from django.core.management import call_command
    from django.db import connections

    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    place = urlsplit(url)
    before = connections.settings["default"]
    _use({
        **before, "ENGINE": "django.db.backends.postgresql", "NAME": name,
        "HOST": place.hostname, "PORT": str(place.port), "USER": place.username,
    })  # fmt: skip
    try:
        call_command("migrate", verbosity=0, run_syncdb=True)
        yield
    finally:
        _use(before)


def _use(database: dict[str, Any]) -> None:
    from asgiref.sync import sync_to_async
    from django.db import connections

    def forget() -> None:
        connections["default"].close()
        del connections["default"]

    forget()
    asyncio.run(sync_to_async(forget)())  # async views have a thread of their own
    connections.settings["default"] = database
