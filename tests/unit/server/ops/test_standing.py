"""A backup of before a tenant's deletion does not bring it back where the original is known."""

from __future__ import annotations

import shutil
from pathlib import Path

from indelible.clock import FixedClock
from indelible.server.ledger import Ledger
from indelible.server.ops.manifest import LogEnd, Manifest
from indelible.server.ops.standing import judge

NOW_US = 1_795_000_000_000_000


def test_a_deleted_tenant_is_not_restored_beside_the_original(tmp_path: Path) -> None:
    original, restored = tmp_path / "original", tmp_path / "restored"
    original.mkdir()
    clock = FixedClock(NOW_US)
    for name in ("main", "acme"):
        Ledger.create(original, clock, tenant=name, origin=f"host.example/{name}")
    shutil.copytree(original, restored)
    ledger = Ledger.open(original, clock=clock)
    ends = tuple(
        LogEnd(one.id, one.name, one.origin, ledger.size(one.id), "00" * 32)
        for one in ledger.tenants()
    )
    manifest = Manifest(1, "2026-11-23T12:00:00Z", "0.1.0", str(original), ends, ())
    assert judge(restored, manifest, None).verdict == "continues"
    ledger.close_tenant(2)
    ledger.retire(2)
    ledger.close()
    for evidence in (None, original):
        found = judge(restored, manifest, evidence)
        assert found.verdict == "stale"
        assert "host.example/acme was deleted after the backup" in found.reason
