"""API keys: found, revoked at once by any process, last use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import InvalidRequest, NotFound
from indelible.server.access.door import Access
from indelible.server.access.token import KeyText, encode_key, new_key
from indelible.server.settings import load_settings


def add(access: Access, kind: str = "w") -> KeyText:
    key = new_key(kind, os.urandom)  # type: ignore[arg-type]
    access.keys.add(1, key, "test", {"id": "e"})
    return key


def test_found_by_its_whole_text_only(access: Access) -> None:
    key = add(access)
    found = access.keys.find(encode_key(key), "203.0.113.7")
    assert found is not None
    assert (found.id, found.kind, found.tenant_id) == (key.id, "w", 1)
    other_secret = KeyText(kind="w", id=key.id, secret=new_key("w", os.urandom).secret)
    other_kind = KeyText(kind="a", id=key.id, secret=key.secret)
    unknown = new_key("w", os.urandom)
    for wrong in (other_secret, other_kind, unknown):
        assert access.keys.find(encode_key(wrong), "203.0.113.7") is None
    assert access.keys.find("", "203.0.113.7") is None


def test_another_process_revokes_within_ten_milliseconds(
    access: Access, tmp_path: Path, clock: FixedClock
) -> None:
    key = add(access)
    assert access.keys.find(encode_key(key), "203.0.113.7")
    beside = Access(tmp_path / "control.sqlite3", load_settings(None, {}), clock)
    assert beside.keys.revoke(1, key.id, {"id": "e2"})
    assert not beside.keys.revoke(1, key.id, {"id": "e3"})
    beside.close()
    clock.advance(0.01)
    assert access.keys.find(encode_key(key), "203.0.113.7") is None


def test_this_process_revokes_at_once(access: Access) -> None:
    key = add(access)
    assert access.keys.find(encode_key(key), "203.0.113.7")
    access.keys.revoke(1, key.id, {"id": "e2"})
    assert access.keys.find(encode_key(key), "203.0.113.7") is None


def test_a_key_of_another_tenant_is_not_there(access: Access) -> None:
    key = add(access)
    assert not access.keys.revoke(2, key.id, {"id": "e2"})
    with pytest.raises(NotFound):
        access.keys.one(2, key.id)
    assert access.keys.all(2) == []


def test_last_use_is_shown_and_written(access: Access, clock: FixedClock) -> None:
    key = add(access)
    assert access.keys.one(1, key.id).last_used_us is None
    clock.advance(5)
    access.keys.find(encode_key(key), "203.0.113.7")
    assert access.keys.one(1, key.id).last_used_us == clock.now_us()
    access.keys.write_uses()
    stored = access.control.read("SELECT last_used_us FROM api_key")
    assert stored == [(clock.now_us(),)]


def test_only_the_hash_of_a_secret_is_stored(access: Access, tmp_path: Path) -> None:
    key = add(access)
    access.control.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.secret.encode() not in content
    assert key.secret_hash in content


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "a\u202eb"])
def test_names(access: Access, name: str) -> None:
    with pytest.raises(InvalidRequest):
        access.keys.add(1, new_key("w", os.urandom), name, {"id": "e"})
