"""Tenants of a data folder: how one is named and added, and what the settings say of them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from indelible.clock import Clock
from indelible.errors import Conflict, InvalidRequest, SettingsError
from indelible.server.folder import (
    LEDGER_FILE,
    TENANTS_LOCK_FILE,
    FolderLock,
    check_folder,
    check_may_continue,
)
from indelible.server.ledger import Ledger, LedgerReader, Tenant
from indelible.server.settings import Settings

MOST_TENANTS = 200
"""Each has a log with keys, checkpoints and edges in memory: more belong into another folder."""

_NAMING = ("oidc", "proxy_login", "syslog", "webhooks")  # groups of settings that name a tenant
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def read_tenant_name(text: str) -> str:
    """The name of a tenant. Raises InvalidRequest."""
    if not _NAME.fullmatch(text):
        raise InvalidRequest(
            f"{text[:60]!r} cannot be the name of a tenant",
            parameter="name",
            hint="1 to 40 small letters, digits and hyphens, like acme-east",
        )
    return text


def tenants_of(data_dir: Path) -> list[Tenant]:
    """All tenants of a folder, oldest first. Raises SettingsError when there is none."""
    check_folder(data_dir)
    reader = LedgerReader(data_dir / LEDGER_FILE)
    try:
        found = reader.tenants()
    finally:
        reader.close()
    if not found:
        raise SettingsError(f"{data_dir} has no tenant", hint="make it with `indelible init`")
    return found


def pick_tenant(tenants: list[Tenant], name: str | None) -> Tenant:
    """The tenant of this name; without a name the only one. Raises SettingsError."""
    names = ", ".join(tenant.name for tenant in tenants)
    if name is None:
        if len(tenants) > 1:
            raise SettingsError(
                f"this folder has {len(tenants)} tenants", hint=f"say which by --tenant: {names}"
            )
        return tenants[0]
    for tenant in tenants:
        if tenant.name == name:
            return tenant
    raise SettingsError(f"there is no tenant {name!r}", hint=f"there is {names}")


def add_tenant(data_dir: Path, name: str, origin: str | None, clock: Clock) -> Tenant:
    """
    Makes a log for a new tenant, with keys of its own, also beside a running service, which takes
    it up by itself.

    Raises Conflict when the name or the origin is taken.
    """
    read_tenant_name(name)
    check_folder(data_dir)
    check_may_continue(data_dir)
    with _one_at_a_time(data_dir):
        known = tenants_of(data_dir)
        wanted = origin or _beside(known[0].origin, name)
        for tenant in known:
            if tenant.name == name:
                raise Conflict(f"there is a tenant {name} already", code="tenant-exists")
            if tenant.origin == wanted:
                raise Conflict(f"{wanted} is the origin of {tenant.name}", code="origin-exists")
        if len(known) >= MOST_TENANTS:
            raise Conflict(
                f"there are {MOST_TENANTS} tenants already",
                hint="make another data folder with a service of its own",
                code="too-many",
            )
        Ledger.create(data_dir, clock, tenant=name, origin=wanted)
        return tenants_of(data_dir)[-1]


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Two at once would write their keys to one place."""
    lock = FolderLock(data_dir, "`indelible tenants add`", TENANTS_LOCK_FILE)
    try:
        yield
    finally:
        lock.release()


def _beside(origin: str, name: str) -> str:
    host, slash, _ = origin.rpartition("/")
    return f"{host if slash else socket.gethostname()}/{name}"


def check_tenants(data_dir: Path, settings: Settings, tenants: Mapping[int, Tenant]) -> None:
    """Raises SettingsError where there is no tenant, or a setting names one that is not there."""
    if not tenants:
        raise SettingsError(f"{data_dir} has no tenant", hint="make it with `indelible init`")
    names = {tenant.name for tenant in tenants.values()}
    for group in _NAMING:
        named = getattr(settings, group).tenant
        if named is not None and named not in names:
            raise SettingsError(
                f"setting {group}.tenant: there is no tenant {named}",
                hint=f"there is {', '.join(sorted(names))}",
            )


def setting_that_names(settings: Settings, name: str) -> str | None:
    """The setting that names this tenant, without which the service would not start."""
    return next(
        (f"{group}.tenant" for group in _NAMING if getattr(settings, group).tenant == name), None
    )
