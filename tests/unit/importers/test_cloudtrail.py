"""CloudTrail records as events: the made-up fixture, and the real files where they are at hand."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from indelible.event import parse_event
from indelible.importers import BadRecord, Record, read_cloudtrail
from indelible.importers.cloudtrail import event_of

MINIMAL = {
    "eventID": "5eed0000-0000-4000-8000-000000000001",
    "eventName": "X",
    "eventTime": "2025-03-30T00:00:00Z",
}


def events(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        found = list(read_cloudtrail(file))
    assert all(isinstance(record, Record) for record in found)
    return [record.event for record in found if isinstance(record, Record)]


@pytest.fixture(scope="module")
def made_up(root: Path) -> list[dict[str, Any]]:
    return events(root / "tests" / "data" / "cloudtrail" / "made-up.json")


def test_the_made_up_file(made_up: list[dict[str, Any]]) -> None:
    assert len(made_up) == 50
    assert Counter(event["stream"] for event in made_up) == {"user": 44, "system": 6}
    assert Counter(event["outcome"] for event in made_up) == {
        "success": 43, "failure": 4, "denied": 3,
    }  # fmt: skip
    assert Counter(event["actor"]["kind"] for event in made_up) == {
        "user": 41, "service": 8, "external": 1,
    }  # fmt: skip
    assert not any("@" in json.dumps(event["actor"]) for event in made_up)
    assert not any("status" in event for event in made_up)


def test_every_event_is_taken_as_it_is(made_up: list[dict[str, Any]]) -> None:
    for event in made_up:
        sent = parse_event(json.dumps(event).encode())
        assert sent.context is not None
        assert sent.context.altered is None


def test_the_real_files(shared_dir: Path) -> None:
    found = [
        event
        for path in sorted((shared_dir / "data" / "cloudtrail").glob("*.json"))
        for event in events(path)
    ]
    assert len(found) == 2900
    assert Counter(event["stream"] for event in found) == {"user": 2547, "system": 353}
    assert Counter(event["outcome"] for event in found) == {
        "success": 2600, "failure": 240, "denied": 60,
    }  # fmt: skip
    denied = Counter(
        event["metadata"]["error_code"] for event in found if event["outcome"] == "denied"
    )
    assert denied == {"Client.UnauthorizedOperation": 44, "AccessDenied": 16}
    origins = [event["origin"] for event in found]
    assert len({origin["ip"] for origin in origins if "ip" in origin}) == 7
    assert len({origin["device_id"] for origin in origins if "device_id" in origin}) == 9
    assert len({event["id"] for event in found}) == 2900


def test_logins(made_up: list[dict[str, Any]]) -> None:
    logins = [event for event in made_up if event["operation"] == "ConsoleLogin"]
    assert [(event["method"], event["outcome"]) for event in logins] == [
        ("UserLogin", "success"), ("LoginFailed", "failure"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "kind", "name"),
    [
        ({"type": "IAMUser", "userName": "mira"}, "user", "mira"),
        ({"type": "Root"}, "user", "root"),
        ({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}, "service", "rds.amazonaws.com"),
        ({"invokedBy": "rds.amazonaws.com"}, "service", "rds.amazonaws.com"),
        (
            {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"userName": "role"}}},
            "service",
            "role",
        ),
        ({"type": "AWSAccount", "accountId": "9"}, "external", None),
        ({"type": "IAMUser", "userName": "eve", "accountId": "9"}, "external", "eve"),
        ({}, "service", None),
    ],
)
def test_actors(identity: dict[str, Any], kind: str, name: str | None) -> None:
    actor = event_of(MINIMAL | {"userIdentity": identity, "recipientAccountId": "1"})["actor"]
    assert (actor["kind"], actor.get("name")) == (kind, name)
    assert "email" not in actor


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (None, "success"),
        ("AccessDenied", "denied"),
        ("AccessDeniedException", "denied"),
        ("Client.UnauthorizedOperation", "denied"),
        ("ThrottlingException", "failure"),
        ("InvalidAccessException", "failure"),
        ("Client.InvalidVpcID.NotFound", "failure"),
    ],
)
def test_outcomes(code: str | None, outcome: str) -> None:
    assert event_of(MINIMAL | {"errorCode": code})["outcome"] == outcome


@pytest.mark.parametrize(
    ("record", "endpoint"),
    [
        ({}, None),
        ({"eventSource": "ec2.amazonaws.com"}, "ec2.amazonaws.com"),
        (
            {"eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "depot"}},
            "s3.amazonaws.com/depot",
        ),
        (
            {
                "eventSource": "s3.amazonaws.com",
                "requestParameters": {"bucketName": "depot"},
                "resources": [{"ARN": "arn:aws:s3:::depot", "type": "AWS::S3::Bucket"}],
            },
            "s3.amazonaws.com/arn:aws:s3:::depot",
        ),
    ],
)
def test_endpoints(record: dict[str, Any], endpoint: str | None) -> None:
    assert event_of(MINIMAL | record).get("endpoint") == endpoint


def test_credentials_are_masked_wherever_they_are() -> None:
    secret = {"credentials": {"sessionToken": "T1", "list": [{"SecretAccessKey": "T2"}]}}
    event = event_of(MINIMAL | {"responseElements": secret, "additionalEventData": {"password": 3}})
    text = json.dumps(event)
    assert "T1" not in text
    assert "T2" not in text
    assert event["metadata"]["aws"]["additionalEventData"] == {"password": "[redacted]"}


def test_names_of_people_are_not_repeated_in_the_free_data(made_up: list[dict[str, Any]]) -> None:
    """Erasing the person part must erase who it was."""
    for event in made_up:
        assert "arn:aws:iam::111122223333:user/" not in json.dumps(event["metadata"])


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (b"nonsense", [(0, "not JSON")]),
        (b'{"x": 1}', [(0, "no CloudTrail log")]),
        (b'{"Records": [1, {}, {"eventID": "a", "eventName": "b"}]}',
         [(1, "expected an object"), (2, "eventID is missing"), (3, "eventTime is missing")]),
        (b"[" * 5000, [(0, "not JSON")]),
    ],
)  # fmt: skip
def test_bad_files_name_the_record(content: bytes, reasons: list[tuple[int, str]]) -> None:
    found = list(read_cloudtrail(io.BytesIO(content)))
    assert [record.number for record in found] == [number for number, _ in reasons]
    for record, (_, reason) in zip(found, reasons, strict=True):
        assert isinstance(record, BadRecord)
        assert record.reason.startswith(reason)


def test_a_bad_record_does_not_stop_the_others() -> None:
    content = json.dumps([{}, MINIMAL]).encode()
    bad, good = read_cloudtrail(io.BytesIO(gzip.decompress(gzip.compress(content))))
    assert isinstance(bad, BadRecord)
    assert isinstance(good, Record)
    assert good.event["id"] == MINIMAL["eventID"]
