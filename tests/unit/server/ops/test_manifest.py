"""The list of a backup: what it may name, and that it is read back as it was written."""

from __future__ import annotations

import msgspec
import pytest

from indelible.errors import StorageError
from indelible.server.ops.manifest import File, LogEnd, Manifest, encode_manifest, parse_manifest

GOOD = Manifest(
    backup=1,
    made_at="2026-11-23T12:00:00Z",
    version="0.1.0",
    folder="/srv/audit",
    logs=(LogEnd(1, "main", "test/main", 3, "00" * 32),),
    files=tuple(
        File(name, 1, "00" * 32)
        for name in ("control.sqlite3", "format.json", "guard/1.json", "keys/1.key",
                     "ledger.sqlite3")
    ),
)  # fmt: skip


def test_round_trip() -> None:
    assert parse_manifest(encode_manifest(GOOD)) == GOOD
    assert GOOD.size == 5


@pytest.mark.parametrize(
    "name",
    ["../keys/1.key", "/etc/passwd", "keys/../../x", "keys/.ssh", "other.txt", "keys/a/b",
     "index/x", "backup.json", "restored.json", "format.json"],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    manifest = msgspec.structs.replace(GOOD, files=(*GOOD.files, File(name, 1, "00" * 32)))
    with pytest.raises(StorageError, match="does not list the files"):
        parse_manifest(encode_manifest(manifest))


def test_the_ledger_must_be_there() -> None:
    files = tuple(file for file in GOOD.files if file.name != "ledger.sqlite3")
    with pytest.raises(StorageError):
        parse_manifest(encode_manifest(msgspec.structs.replace(GOOD, files=files)))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"backup": 1}', b"\xff"])
def test_what_is_no_list(data: bytes) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        parse_manifest(data)


def test_a_later_format() -> None:
    with pytest.raises(StorageError, match="has format 2"):
        parse_manifest(encode_manifest(msgspec.structs.replace(GOOD, backup=2)))
