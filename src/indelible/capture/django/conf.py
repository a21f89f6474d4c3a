"""The client and the settings of the Django hook, from `settings.INDELIBLE`."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
from django.conf import settings

from indelible.capture.bodies import Bodies
from indelible.capture.exchange import HttpSettings
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.client import Indelible
from indelible.errors import SettingsError


class HookSettings(msgspec.Struct, frozen=True):
    """
    What `INDELIBLE` may hold beside the arguments of the client.

    Attributes:
        delivery: `commit` tells model changes when the transaction is committed; `outbox` writes
            each as a row of the same database in the same transaction; `trigger` leaves them to
            PostgreSQL's triggers and tells those who acts.
        models: False records requests and logins only.
        skip: models (`app.Model`) and fields (`app.Model.field`) that are left out.
        most_rows: how many rows one `QuerySet.update` is told row by row.
    """

    rule: Rule = writes_and_denied
    trusted_proxies: tuple[str, ...] = ()
    forwarded_header: ForwardedHeader = "x-forwarded-for"
    bodies: Bodies | None = None
    delivery: str = "commit"
    models: bool = True
    skip: tuple[str, ...] = ()
    most_rows: int = 1000


HOOK_SETTINGS = frozenset(HookSettings.__struct_fields__)

_lock = threading.Lock()
_client: Indelible | None = None


def hook_settings() -> HookSettings:
    """The hook's part of `settings.INDELIBLE`."""
    said = {name: value for name, value in _said().items() if name in HOOK_SETTINGS}
    for name in ("trusted_proxies", "skip"):
        if name in said:
            said[name] = tuple(said[name])
    found = HookSettings(**said)
    if found.delivery not in ("commit", "outbox", "trigger"):
        raise SettingsError(
            f"INDELIBLE: unknown delivery {found.delivery!r}", hint="commit, outbox or trigger"
        )
    return found


def get_client() -> Indelible:
    """The client of this project; made when it is first needed."""
    global _client  # noqa: PLW0603 - Django has one settings object for the process, and so have we
    with _lock:
        if _client is None:
            said = {name: value for name, value in _said().items() if name not in HOOK_SETTINGS}
            try:
                _client = Indelible(**said)
            except TypeError as error:
                raise SettingsError(
                    f"INDELIBLE: {error}", hint="it needs at least url, key and source"
                ) from error
        return _client


def use_client(client: Indelible | None) -> Indelible | None:
    """Replaces the client, for example by `MemoryAudit()` in tests; returns the one before."""
    global _client
    with _lock:
        before, _client = _client, client
        return before


def http_settings() -> HttpSettings:
    """What the middleware needs."""
    hook = hook_settings()
    return HttpSettings(
        get_client(),
        rule=hook.rule,
        trusted_proxies=hook.trusted_proxies,
        forwarded_header=hook.forwarded_header,
        bodies=hook.bodies,
    )


def _said() -> dict[str, Any]:
    said = getattr(settings, "INDELIBLE", None)
    if not isinstance(said, dict):
        raise SettingsError(
            "settings.INDELIBLE is missing", hint='INDELIBLE = {"url": …, "key": …, "source": …}'
        )
    return said
