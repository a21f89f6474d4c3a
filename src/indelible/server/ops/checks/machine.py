"""The machine: versions, signatures, time zones, open files, the port."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import platform
import resource
import socket
import sqlite3
import ssl
import sys
import zoneinfo
from importlib import metadata

from indelible.codec import DecodeError, decode_json
from indelible.server.folder import LOCK_FILE
from indelible.server.ops.checks.check import Finding, Subject, ok, problem, warning
from indelible.server.version import version
from indelible.tlog.signature import supports_mldsa44

_FEW_FILES = 1024
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_TIMEOUT_S = 5.0


def check_versions(subject: Subject) -> Finding:
    """What the service runs on."""
    del subject
    from cryptography.hazmat.backends.openssl import backend

    told = (
        f"Indelible {version()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, {backend.openssl_version_text()},"
        f" chDB {_version_of('chdb-core') or _version_of('chdb') or 'missing'}"
    )
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        return problem(told, "SQLite 3.37 or later is needed: use a later Python")
    if told.endswith("missing"):
        return problem(told, "pip install 'indelible[server]'")
    return ok(told)


def check_signatures(subject: Subject) -> Finding:
    """Ed25519 is always there; ML-DSA-44 depends on the crypto library."""
    del subject
    if supports_mldsa44():
        return ok("Ed25519 and ML-DSA-44")
    return warning(
        "Ed25519 only: checkpoints are not signed with ML-DSA-44 here",
        "a later `cryptography` package has it (its wheels bring OpenSSL 3.5)",
    )


def check_zones(subject: Subject) -> Finding:
    """Time zones by name, and text as UTF-8."""
    zone = subject.settings.screen.zone if subject.settings else "UTC"
    try:
        zoneinfo.ZoneInfo(zone)
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError as error:
        return problem(f"no time zone data: {error}", "pip install tzdata")
    if sys.getfilesystemencoding().lower() != "utf-8":
        return warning(f"file names are {sys.getfilesystemencoding()} here", "set LC_ALL=C.UTF-8")
    return ok(f"{len(zoneinfo.available_timezones())} zones; text is UTF-8")


def check_open_files(subject: Subject) -> Finding:
    """Each connection of a sender is an open file."""
    del subject
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < _FEW_FILES:
        return warning(
            f"at most {soft} open files", f"raise the limit (hard limit {hard}): LimitNOFILE=65536"
        )
    return ok(f"at most {soft:,}" if soft >= 0 else "no limit")


def check_port(subject: Subject) -> Finding:
    """The port is ours, or free for us."""
    if subject.settings is None:
        return warning("not looked at", "mend the settings first")
    service = subject.settings.service
    holder = _holder(subject)
    if service.port == 0:
        return ok("a free one is taken at each start")
    where = f"{service.host} port {service.port}"
    if holder is not None:
        if _is_ours(service.host, service.port, tls=service.tls_cert is not None):
            return ok(f"{where} answers; the folder is in use by {holder}")
        if "serve" not in holder:
            return ok(f"the folder is in use by {holder}")
        return warning(
            f"the folder is in use by {holder}, but {where} does not answer as Indelible",
            "was it started with --host or --port?",
        )
    return _try_to_bind(service.host, service.port, where)


def _holder(subject: Subject) -> str | None:
    """Who holds the folder's lock, None when nobody does."""
    try:
        handle = os.open(subject.data_dir / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another process"
    finally:
        os.close(handle)
    return None


def _is_ours(host: str, port: int, *, tls: bool) -> bool:
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # only whether somebody answers is asked here
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            name, port, timeout=_TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(name, port, timeout=_TIMEOUT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return bool(decode_json(connection.getresponse().read(1000)) == {"status": "ok"})
        except (OSError, http.client.HTTPException, DecodeError):
            return False


def _try_to_bind(host: str, port: int, where: str) -> Finding:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind(address)
    except OSError as error:
        return problem(f"{where}: {error.strerror or error}", "choose another service.port")
    return ok(f"{where} is free")


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
