"""Splitting in fact, person and content: personal data stays out of the fact part."""

import json

from indelible.event import Event, complete, join, parse_event, same_as_sent, split

FULL = {
    "id": "01930000-0000-7000-8000-000000000001",
    "stream": "user",
    "category": "sharing",
    "operation": "CreateDetailsSharingProfile",
    "method": "POST",
    "endpoint": "/profiles/v3/share-details",
    "status": 200,
    "outcome": "success",
    "occurred_at": "2026-11-22T09:15:04.123Z",
    "actor": {
        "kind": "user",
        "id": "u_8841",
        "email": "ana@example.com",
        "name": "Ana",
        "on_behalf_of": {"kind": "user", "id": "u_7", "email": "jo@example.com", "name": "Jo"},
    },
    "origin": {
        "ip": "203.0.113.7",
        "peer_ip": "10.0.0.4",
        "device_id": "dev-1",
        "user_agent": "Mozilla/5.0",
    },
    "targets": [{"type": "profile", "id": "p_12", "name": "Depot north"}, {"type": "depot"}],
    "changes": [{"path": "visibility", "before": "private", "after": {"team": [1, None]}}],
    "context": {"request_id": "r", "session_id": "s", "trace_id": "t", "source": "fleet-web"},
    "job": {"id": "j_7", "attempt": 2, "state": "failed", "scheduled_for": "2026-11-22T09:00:00Z"},
    "severity": "notice",
    "reason": "quarterly review",
    "metadata": {"ticket": "OPS-12"},
}


def event_of(value: dict[str, object]) -> Event:
    return complete(
        parse_event(json.dumps(value).encode()),
        received_us=1_795_000_000_000_000,
        reported_by="client",
        new_id=lambda: "01930000-0000-7000-8000-0000000000ff",
    )


def alias(subject: str) -> str:
    return "p_" + subject.encode().hex()[:8]


def test_a_full_event_comes_back_as_it_was() -> None:
    event = event_of(FULL)
    parts = split(event, alias)
    assert join(parts.fact, parts.person, parts.content) == event


def test_the_fact_part_has_no_personal_data_and_no_content() -> None:
    fact = split(event_of(FULL), alias).fact.decode()
    for text in ("ana@", "Ana", "jo@", "203.0.113.7", "dev-1", "Mozilla", "Depot", "private",
                 "quarterly", "OPS-12"):  # fmt: skip
        assert text not in fact


def test_an_email_in_the_endpoint_becomes_a_template() -> None:
    event = event_of({"operation": "x", "endpoint": "/users/ana%40example.com/roles?to=b@c.org"})
    parts = split(event, alias)
    assert b'"endpoint":"/users/{email}/roles?to={email}"' in parts.fact
    assert join(parts.fact, parts.person, parts.content).endpoint == event.endpoint
    assert join(parts.fact, None, None).endpoint == "/users/{email}/roles?to={email}"


def test_ids_that_are_personal_become_aliases() -> None:
    event = event_of(
        {
            "operation": "x",
            "actor": {"id": "ana@example.com", "on_behalf_of": {"id": "+49 170 1234567"}},
            "targets": [{"type": "user", "id": "bo@example.com"}, {"type": "role", "id": "7"}],
        }
    )
    parts = split(event, alias)
    assert b"@" not in parts.fact
    assert b"+49" not in parts.fact
    assert join(parts.fact, parts.person, parts.content) == event
    erased = join(parts.fact, None, None)
    assert erased.actor.id == alias("ana@example.com")
    assert [target.id for target in erased.targets or ()] == [alias("bo@example.com"), "7"]


def test_absent_parts_are_none() -> None:
    parts = split(event_of({"operation": "x"}), alias)
    assert (parts.person, parts.content) == (None, None)


def test_sent_again_is_the_same_whatever_the_service_added() -> None:
    sent = parse_event(json.dumps(FULL).encode())
    assert same_as_sent(sent, event_of(FULL))
    bare = parse_event(b'{"operation":"x","metadata":{},"targets":[],"actor":{}}')
    assert same_as_sent(bare, event_of({"operation": "x"}))


def test_other_content_is_not_the_same() -> None:
    event = event_of(FULL)
    for key, value in (
        ("reason", "other"),
        ("status", 201),
        ("targets", [{"type": "profile", "id": "p_12", "name": "Depot north"}]),
        ("changes", [{"path": "visibility", "before": "private", "after": "all"}]),
        ("metadata", {"ticket": "OPS-13"}),
        ("occurred_at", "2026-11-22T09:15:04.124Z"),
    ):
        assert not same_as_sent(parse_event(json.dumps({**FULL, key: value}).encode()), event)
