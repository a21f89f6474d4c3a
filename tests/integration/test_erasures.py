"""Erasure on a running service: looked for, approved, gone from disk, certified, verified."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Login, RunningService, run_command
from tests.integration.test_approvals import second_administrator

pytestmark = pytest.mark.timeout(300)

SUBJECT = "zoe.quill@example.net"
SECRETS = (SUBJECT, "198.51.100.77", "Zoe Quill", "zoe-device-9", "+49 170 555 0142")
PERSON = {"kind": "user", "id": "u_zq77", "email": SUBJECT, "name": "Zoe Quill"}


def fill(service: RunningService) -> None:
    """Events by the person, about the person, and of others that look alike."""
    origin = {"ip": "198.51.100.77", "device_id": "zoe-device-9"}
    events: list[dict[str, Any]] = []
    for n in range(40):
        events.append(
            {"operation": f"Edit{n % 3}", "category": "data", "actor": PERSON, "origin": origin,
             "targets": [{"type": "note", "id": f"n_{n}", "name": "A note"}]}
        )  # fmt: skip
        events.append(
            {"operation": "Read", "category": "access",
             "actor": {"kind": "user", "id": f"u_{n}", "email": f"bob{n}@example.com"}}
        )  # fmt: skip
    events.append(
        {"operation": "ChangeContact", "category": "configuration",
         "actor": {"kind": "user", "id": "u_admin", "email": "carl@example.com"},
         "targets": [{"type": "person", "id": SUBJECT, "name": "Zoe Quill"}],
         "changes": [{"path": "email", "before": SUBJECT, "after": "new@example.net"}]}
    )  # fmt: skip
    events.append(
        {"operation": "Invite", "category": "sharing", "endpoint": f"/people/{SUBJECT}/invite",
         "metadata": {"to": [SUBJECT], "phone": "+49 170 555 0142"}}
    )  # fmt: skip
    events.append({"operation": "Other", "actor": {"email": "x" + SUBJECT}})
    service.send(*events)
    service.settle()


def wait_for(admin: Login, erasure_id: str, *states: str) -> dict[str, Any]:
    """The request once it is in one of these states."""
    end_s = time.monotonic() + 150  # old files of the index linger for some ten seconds
    while time.monotonic() < end_s:
        found: dict[str, Any] = admin.request("GET", f"/v1/erasures/{erasure_id}").json
        if found["state"] in states:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def left_on_disk(data: Path, secrets: tuple[str, ...]) -> dict[str, list[str]]:
    """Which files hold which of the values; compressed pieces are no hiding place, see the unit."""
    found: dict[str, list[str]] = {}
    for path in data.rglob("*"):
        if path.is_file():
            # Somebody else's address ends in the same letters; it stays.
            raw = path.read_bytes().lower().replace(b"x" + SUBJECT.encode(), b"")
            for secret in secrets:
                if secret.lower().encode() in raw:
                    found.setdefault(str(path.relative_to(data)), []).append(secret)
    return found


def test_a_person_from_the_first_look_to_the_certificate(
    start_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    service = start_service()
    ana = service.set_up()
    bea = second_administrator(service, ana, "bea@example.com")
    fill(service)
    # Two exports on disk: one that holds the person, compressed, and one that does not.
    exports = [
        ana.request(
            "POST", "/v1/exports", json={"format": "jsonl", "compress": "gzip", "q": q}
        ).json
        for q in ("operation:Edit0", "operation:Read")
    ]
    for one in exports:
        while ana.request("GET", f"/v1/exports/{one['id']}").json["state"] != "done":
            time.sleep(0.1)

    wanted = {
        "identifiers": [{"kind": "email", "value": SUBJECT}],
        "parts": ["person", "content"],
    }
    looked = ana.request("POST", "/v1/erasures/preview", json=wanted)
    assert looked.status == 200, looked.body
    found = looked.json
    # 40 acts, one change, one invitation, and the search that was recorded just now.
    assert (found["found"], found["events"]) == (43, 43)
    assert found["parts"] == {"fact": 0, "person": 42, "content": 3}
    assert found["needs_approval"] is True
    known = {(one["kind"], one["value"]): one["events"] for one in found["known"]}
    assert known["id", "u_zq77"] == 40
    assert known["address", "198.51.100.77"] == 40
    # In facts a pseudonym stands for the e-mail address; nobody asked for facts.
    assert [(one["why"], one["part"], one["category"]) for one in found["left"]] == [
        ("not-chosen", "fact", "configuration")
    ]
    assert [(one["kind"], one["goes"]) for one in found["places"]] == [("export", True)]

    # The access request comes before the erasure: everything held on the person, with proofs.
    packed = ana.request("POST", "/v1/subjects/export", json={"identifiers": wanted["identifiers"]})
    assert packed.status == 200, packed.body
    folder = tmp_path / "subject"
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        archive.extractall(folder)
    held = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert len(held) >= 43
    changed = next(one for one in held if one["operation"] == "ChangeContact")
    # Who changed it is somebody else's; what was changed is the person's.
    assert (changed["actor"]["email"], changed["changes"][0]["before"]) == (None, SUBJECT)
    assert changed["state"] == {"fact": "present", "person": "present", "content": "present"}
    table = list(csv.reader((folder / "events.csv").read_text().splitlines()))
    assert len(table) == len(held) + 1
    assert any("'+49 170" in cell or "+49 170" in cell for row in table for cell in row)
    key = service.request("GET", "/v1/log/key", key=service.key("r")).body.decode()
    proofs = sorted((folder / "proofs").iterdir())[:5]
    checked = run_command(
        "verify", *map(str, proofs), "--log-key", key.splitlines()[0], check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr

    wanted["identifiers"] += [
        {"kind": "id", "value": "u_zq77"},
        {"kind": "name", "value": "Zoe Quill"},
        {"kind": "address", "value": "198.51.100.77"},
    ]
    ask = {
        **wanted,
        "reason": "data-subject",
        "case": "DSR-7",
        "note": "by letter",
        "at_once": True,
    }
    named = ana.request("POST", "/v1/erasures", json={**ask, "note": f"asked by {SUBJECT}"})
    assert (named.status, named.code) == (400, "names-the-person")
    by_key = service.request("POST", "/v1/erasures", key=service.key("a"), json=ask)
    assert (by_key.status, by_key.code) == (403, "person-needed")
    backup = tmp_path / "backup"
    run_command("backup", str(backup), "--data", str(service.data))
    asked = ana.request("POST", "/v1/erasures", json=ask)
    assert asked.status == 201, asked.body
    erasure, approval = asked.json["id"], asked.json["approval"]
    assert (asked.json["state"], approval["deciders"]) == ("waiting", 1)
    assert approval["numbers"]["person"] == 42
    assert SUBJECT not in json.dumps(approval)
    decision = {"decision": "approve", "reason": "identity checked"}
    own = ana.request("POST", f"/v1/approvals/{approval['id']}/decision", json=decision)
    assert own.code == "own-request"
    agreed = bea.request("POST", f"/v1/approvals/{approval['id']}/decision", json=decision)
    assert agreed.status == 200, agreed.body
    done = wait_for(ana, erasure, "done")
    assert done["erased"]["person"] == 42
    assert done["exports"] == [exports[0]["id"]]
    states = [ana.request("GET", f"/v1/exports/{one['id']}").json["state"] for one in exports]
    assert states == ["expired", "done"]
    assert {one["why"] for one in done["left"]} == {"not-chosen"}

    # What was asked is not left in the control database either, while the service runs.
    end_s = time.monotonic() + 60
    while left := {
        name: values
        for name, values in left_on_disk(service.data, (SUBJECT, "u_zq77", "Zoe Quill")).items()
        if name.startswith("control.")
    }:
        assert time.monotonic() < end_s, left
        time.sleep(0.1)

    # Auditors see what was erased, never who it was about.
    seen = service.request("GET", "/v1/erasures", key=service.key("r"))
    assert seen.status == 200
    assert SUBJECT not in seen.body.decode()

    rows = service.events(q="operation:Edit0", limit=100)
    assert {row["state"]["person"] for row in rows} == {"erased"}
    assert {row["actor"]["email"] for row in rows} == {None}
    assert {row["explained_by"]["person"] for row in rows} <= set(done["entries"])
    shown = ana.request("GET", f"/v1/entries/{rows[0]['index']}").json
    assert shown["state"]["person"] == "erased"
    kept = ana.request("GET", f"/v1/events/{rows[0]['id']}").json["kept"]
    entry = rows[0]["explained_by"]["person"]
    why = {"how": "erased", "index": entry, "policy": None, "reason": "data-subject"}
    assert kept["explained"] == {"person": why}

    certificate = ana.request("GET", f"/v1/erasures/{erasure}/certificate")
    assert certificate.json["case"] == "DSR-7"
    pdf = ana.request("GET", f"/v1/erasures/{erasure}/certificate", params={"format": "pdf"})
    assert pdf.body.startswith(b"%PDF-")
    file = tmp_path / f"{erasure}.certificate.json"
    file.write_bytes(certificate.body)
    service.stop()
    for given in ((), ("--log-key", key.splitlines()[0])):
        checked = run_command("verify", str(file), *given, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    verified = run_command("verify", "--data", str(service.data), check=False)
    assert verified.returncode == 0, verified.stdout
    assert "ERASED" in verified.stdout
    # Read with nothing of ours in the way: the values are nowhere, not even in free pages.
    assert left_on_disk(service.data, SECRETS) == {}

    # A backup of before brings nothing back, where the original's journal of erasures is known.
    made = run_command(
        "restore", str(backup), "--data", str(tmp_path / "new"), "--as-new-origin", "test/second",
        "--guard", str(service.data), "--json",
    )  # fmt: skip
    assert json.loads(made.stdout)["verified"] is True
    assert left_on_disk(tmp_path / "new", SECRETS[:4]) == {}
