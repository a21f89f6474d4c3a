"""Exports in the background, over HTTP: whole or failed, never in between; again after a kill."""

from __future__ import annotations

import gzip
import hashlib
import json
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, init_folder, run_command, start

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., RunningService]


def _wait(service: RunningService, job_id: str, *states: str) -> dict[str, Any]:
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        job: dict[str, Any] = service.request(
            "GET", f"/v1/exports/{job_id}", key=service.key("a")
        ).json
        if job["state"] in states:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def _ask(service: RunningService, **asked: str) -> dict[str, Any]:
    reply = service.request("POST", "/v1/exports", key=service.key("r"), json=asked)
    assert reply.status == 202, reply.body
    made: dict[str, Any] = reply.json
    return made


def _acts(service: RunningService, job_id: str) -> list[tuple[str, str | None, int | None]]:
    """What the log says of an export, in order."""
    found = service.events(q=f"target:{job_id}", order="asc")
    jobs = [event["job"] or {} for event in found]
    return [
        (event["operation"], job.get("state"), job.get("attempt"))
        for event, job in zip(found, jobs, strict=True)
    ]


def _set(data: Path, text: str) -> None:
    (data / "indelible.toml").write_text(text)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """A service with some thousand events; tests stop and start it again."""
    data = tmp_path_factory.mktemp("jobs") / "data"
    init_folder(data)
    service = start(data)
    for first in range(0, 20_000, 5_000):
        service.send(
            *(
                {"operation": f"Op{n % 7}", "reason": 'line\r\n"quoted"', "metadata": {"n": n}}
                for n in range(first, first + 5_000)
            )
        )
    service.settle()
    return service


def test_a_job_from_asking_to_removing(filled: RunningService) -> None:
    service = filled
    made = _ask(service, format="csv", csv="raw", compress="gzip", q="operation:Op1", own="hide")
    assert made["total"] == 2857
    assert made["requested_by"]
    job = _wait(service, made["id"], "done")
    assert (job["rows"], job["filter"]["q"]) == (2857, "operation:Op1")
    reply = service.request("GET", f"/v1/exports/{job['id']}/file", key=service.key("r"))
    assert reply.status == 200
    assert f'filename="{job["file_name"]}"' in reply.headers["content-disposition"]
    assert hashlib.sha256(reply.body).hexdigest() == job["sha256"]
    assert gzip.decompress(reply.body).count(b'"Op1"') == 2857
    manifest = service.request(
        "GET", f"/v1/exports/{job['id']}/manifest", key=service.key("r")
    ).json
    assert manifest["sha256"] == job["sha256"]
    assert manifest["count"] == 2857
    assert manifest["filter"]["q"] == "operation:Op1"
    assert manifest["checkpoint"]["size"] > 0
    assert manifest["requested_by"]["kind"] == "key"
    folder = service.data / "exports"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob(f"{job['id']}*")} == {0o600}

    listed = service.request("GET", "/v1/exports", key=service.key("a")).json
    assert [one["id"] for one in listed["exports"]] == [job["id"]]
    assert service.request("GET", "/v1/exports", key=service.key("w")).status == 403
    assert service.request("DELETE", f"/v1/exports/{job['id']}", key=service.key("a")).status == 204
    gone = service.request("GET", f"/v1/exports/{job['id']}/file", key=service.key("r"))
    assert (gone.status, gone.code) == (409, "no-file")
    again = service.request("DELETE", f"/v1/exports/{job['id']}", key=service.key("a"))
    assert again.status == 409
    assert list(folder.glob(f"{job['id']}*")) == []

    assert _acts(service, job["id"]) == [
        ("ExportAuditLog", "queued", 1),
        ("StartExport", "started", 1),
        ("FinishExport", "succeeded", 1),
        ("DownloadExport", None, None),
        ("RemoveExport", None, None),
    ]
    removed = service.events(q=f"target:{job['id']} operation:RemoveExport")[0]
    assert removed["actor"]["name"] != made["requested_by"]


def test_evidence_verifies_offline(filled: RunningService, tmp_path: Path) -> None:
    service = filled
    made = _ask(service, format="evidence", compress="zstd", q="operation:Op3", own="hide")
    assert made["file_name"].endswith(".evidence.zst")
    job = _wait(service, made["id"], "done", "failed")
    assert (job["state"], job["rows"]) == ("done", made["total"])
    kept = service.request("GET", f"/v1/exports/{job['id']}/file", key=service.key("r")).body
    direct = service.request(
        "GET", "/v1/export?format=evidence&q=operation:Op3&own=hide&columns=", key=service.key("r")
    )
    keys = service.request("GET", "/v1/log/key", key=service.key("r")).body
    for name, data in (("kept", kept), ("direct", direct.body), ("keys", keys)):
        (tmp_path / name).write_bytes(data)
    service.events(limit=1)
    for name in ("kept", "direct"):
        done = run_command(
            "verify", str(tmp_path / name), "--log-key", str(tmp_path / "keys"), "--json",
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        (tenant,) = json.loads(done.stdout)["tenants"]
        assert tenant["key_pinned"]
        assert set(tenant["counts"]) == {"VALID"}
        assert any(f"{made['total']:,} events and" in remark for remark in tenant["remarks"])
    # Cut off in the middle it is no evidence.
    (tmp_path / "part").write_bytes(direct.body[: len(direct.body) // 2])
    assert run_command("verify", str(tmp_path / "part"), check=False).returncode == 1


def test_bad_requests_are_told(filled: RunningService) -> None:
    service = filled
    for body, code in (
        ({"format": "pdf"}, "invalid-request"),
        ({"nothing": "x"}, "invalid-request"),
        ({"q": "status:"}, "bad-query"),
        ({"limit": "3"}, "invalid-request"),
    ):
        reply = service.request("POST", "/v1/exports", key=service.key("r"), json=body)
        assert (reply.status, reply.code) == (400, code), body
    assert service.request("GET", "/v1/exports/none", key=service.key("r")).status == 404


def test_a_killed_service_begins_again_and_gives_the_same_file(
    filled: RunningService, start_service: Start
) -> None:
    service = filled
    made = _ask(service, format="xlsx", own="hide")
    waiting = _ask(service, format="jsonl", own="hide")
    _wait(service, made["id"], "running")
    cancelled = _ask(service, format="csv")
    assert (
        service.request("DELETE", f"/v1/exports/{cancelled['id']}", key=service.key("r")).status
        == 204
    )
    service.stop(signal.SIGKILL)
    folder = service.data / "exports"
    assert not (folder / made["id"]).exists()

    keys = service.keys
    again = start_service(service.data)
    again.keys.update(keys)
    again.send({"operation": "AfterTheSnapshot"})
    for job_id in (made["id"], waiting["id"]):
        job = _wait(again, job_id, "done", "failed")
        assert (job["state"], job["rows"], job["total"]) == ("done", 20_000, 20_000)
        data = again.request("GET", f"/v1/exports/{job_id}/file", key=again.key("r")).body
        assert hashlib.sha256(data).hexdigest() == job["sha256"]
    numbers = [json.loads(line)["metadata"]["n"] for line in data.splitlines()]
    assert sorted(numbers) == list(range(20_000))
    states = {
        one["id"]: one["state"]
        for one in again.request("GET", "/v1/exports", key=again.key("a")).json["exports"]
    }
    assert states[cancelled["id"]] == "cancelled"
    assert list((folder / "work").iterdir()) == []
    assert list(folder.glob("*.part")) == []
    again.stop()

    # Kept for a day, and it is two days later: as if the job had ended then.
    control = sqlite3.connect(service.data / "control.sqlite3")
    with control:
        control.execute(
            "UPDATE export_job SET ended_us = ended_us - 2 * 86400000000 WHERE id = ?",
            (made["id"],),
        )
    control.close()
    _set(service.data, "[export]\nkeep_days = 1\nreserve_mb = 999999999\nkey_rows = 100\n")
    last = start_service(service.data)
    last.keys.update(keys)
    _wait(last, made["id"], "expired")
    end_s = time.monotonic() + 30
    while (folder / made["id"]).exists():
        assert time.monotonic() < end_s
        time.sleep(0.05)
    assert (folder / waiting["id"]).exists()
    # Nothing of the disk may be used, and a key may have a hundred events.
    full = last.request("POST", "/v1/exports", key=last.key("r"), json={"q": "AfterTheSnapshot"})
    assert (full.status, full.code) == (503, "no-room")
    for reply in (
        last.request("POST", "/v1/exports", key=last.key("r"), json={}),
        last.request("GET", "/v1/export", key=last.key("r")),
    ):
        assert (reply.status, reply.code) == (403, "export-limit")
    few = last.request("GET", "/v1/export?q=AfterTheSnapshot&own=hide", key=last.key("r"))
    assert few.status == 200
