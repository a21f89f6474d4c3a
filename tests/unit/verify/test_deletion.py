"""The certificate of a deletion: what holds, and that any change of any member is noticed."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from indelible.codec import encode_sorted_json
from indelible.tlog.checkpoint import Checkpoint
from indelible.tlog.keyfile import generate_log_keys
from indelible.tlog.signature import ED25519, encode_vkey, sign_checkpoint, sign_note
from indelible.verify.deletion import FORM, is_deletion, verify_deletion
from indelible.verify.source import CannotCheck

ORIGIN = "host.example/acme"
KEYS = generate_log_keys(ORIGIN, os.urandom)
OTHERS = generate_log_keys(ORIGIN, os.urandom)
ROOT = sha256(b"root").digest()


def signed(members: dict[str, Any], keys: Any = KEYS) -> dict[str, Any]:
    rest = {name: value for name, value in members.items() if name != "signature"}
    text = f"{FORM}\n{ORIGIN}\n{sha256(encode_sorted_json(rest)).hexdigest()}\n"
    own = [key for key in keys if key.algorithm == ED25519]
    return {**rest, "signature": sign_note(text, own, 1).decode()}


GOOD = signed(
    {
        "certificate": FORM, "deletion": "td_1", "tenant": "acme", "origin": ORIGIN,
        "reason": "ended — \"so\"\n", "requested_by": {"id": "u_1", "name": "Ana"},
        "requested_at": "2026-11-20T10:00:00Z", "approved_by": {"id": "u_2", "name": "Bea"},
        "approved_at": "2026-11-20T11:00:00Z", "due_at": "2026-11-27T11:00:00Z",
        "closed_at": "2026-11-27T11:00:05Z", "events": 7, "first_day": "2026-01-02",
        "last_day": None, "people": 1, "keys": 2, "size": 9, "root": ROOT.hex(),
        "checkpoint": sign_checkpoint(Checkpoint(ORIGIN, 9, ROOT), KEYS, 1).decode(),
        "log_keys": [encode_vkey(key.vkey) for key in KEYS],
    }
)  # fmt: skip


def written(folder: Path, members: Any) -> Path:
    path = folder / "acme.deletion.json"
    path.write_text(json.dumps(members, indent=2, ensure_ascii=True))
    return path


def test_a_whole_one_holds_however_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert is_deletion(path)
    for keys in ((), [key.vkey for key in KEYS]):
        report = verify_deletion(path, keys)
        assert report.exit_code == 0, report
        assert report.tenants[0].size == 9
        assert report.tenants[0].key_pinned is bool(keys)
    backwards = dict(reversed(list(GOOD.items())))
    assert verify_deletion(written(tmp_path, backwards), ()).exit_code == 0


@pytest.mark.parametrize("name", [name for name in GOOD if name != "certificate"])
def test_any_change_is_noticed(tmp_path: Path, name: str) -> None:
    value = GOOD[name]
    other: Any = {
        str: lambda: value.replace(value[-2], "x", 1) if value[-2] != "x" else value + "x",
        int: lambda: value + 1,
        dict: lambda: {**value, "name": "Eve"},
        list: lambda: [*value, value[0]],
        type(None): lambda: "2026-01-03",
    }[type(value)]()
    assert verify_deletion(written(tmp_path, {**GOOD, name: other}), ()).exit_code == 1
    left_out = {member: one for member, one in GOOD.items() if member != name}
    assert verify_deletion(written(tmp_path, left_out), ()).exit_code == 1


def test_who_signs_it_all_anew_needs_the_key(tmp_path: Path) -> None:
    forged = signed({**GOOD, "events": 0}, OTHERS)
    pinned = [key.vkey for key in KEYS]
    assert verify_deletion(written(tmp_path, forged), pinned).exit_code == 1
    # A signed note of the log that is no statement of a deletion does not pass for one.
    assert (
        verify_deletion(written(tmp_path, {**GOOD, "signature": GOOD["checkpoint"]}), ()).exit_code
        == 1
    )
    # Another end of the same log, signed by it, too.
    other = sign_checkpoint(Checkpoint(ORIGIN, 8, ROOT), KEYS, 1).decode()
    assert (
        verify_deletion(written(tmp_path, signed({**GOOD, "checkpoint": other})), ()).exit_code == 1
    )


def test_what_cannot_be_checked_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match="of the form"):
        verify_deletion(written(tmp_path, {**GOOD, "certificate": "indelible-deletion/9"}), ())
    strangers = generate_log_keys("other.example/log", os.urandom)
    with pytest.raises(CannotCheck, match="no given key"):
        verify_deletion(written(tmp_path, GOOD), [key.vkey for key in strangers])
    more = {**GOOD, "more": 1}
    assert verify_deletion(written(tmp_path, more), ()).exit_code == 1
    for nothing in ("", "[]", '{"certificate": 1}', '{"certificate": "indelible-erasure/1"}'):
        path = tmp_path / "x"
        path.write_text(nothing)
        assert not is_deletion(path)
