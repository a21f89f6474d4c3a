"""Configures Django once for the process that runs these tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

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
