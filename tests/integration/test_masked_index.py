"""The index through masks: what is hidden is nowhere, whatever is asked of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.search_index import Entries, EntryFile, Running
from tests.integration.test_query_search import SEED, _event

from indelible.server.index.seen import MASKED, MASKS, Part, masked_sql
from indelible.server.query import Page, Reach
from indelible.server.query.masked import masked_event

pytestmark = pytest.mark.timeout(300)

Masks = tuple[Part, ...]
NO_MASKS: Masks = ()
PERSON: Masks = ("person",)
BOTH: Masks = ("content", "person")
SECRETS = (
    "ana.secret", "Ana Geheim", "203.0.113.77", "198.51.100.9", "device-of-ana", "AnaBrowser",
    "boss.secret", "Boss Geheim", "tel.secret", "+49170111222", "mail.secret",
)  # fmt: skip

SENT: list[dict[str, Any]] = [
    {
        "operation": "CreateShare",
        "method": "POST",
        "endpoint": "/people/ana.secret@example.com/shares/7",
        "status": 201,
        "actor": {
            "id": "ana.secret@example.com",
            "email": "ana.secret@example.com",
            "name": "Ana Geheim",
            "on_behalf_of": {"kind": "user", "id": "u_boss", "email": "boss.secret@example.com",
                             "name": "Boss Geheim"},
        },
        "origin": {"ip": "203.0.113.77", "peer_ip": "198.51.100.9", "device_id": "device-of-ana",
                   "user_agent": "AnaBrowser/1.0"},
        "targets": [{"type": "user", "id": "tel.secret@example.com", "name": "Depot north"},
                    {"type": "", "id": "+49170111222"}],
        "changes": [{"path": "contact", "before": "old\nmail.secret@example.com",
                     "after": {"to\tmail.secret@example.com": ["+49170111222"]}}],
        "context": {"request_id": "req-1", "session_id": "ses-1", "source": "fleet-web",
                    "source_seq": 4},
        "reason": "asked by mail.secret@example.com, \"quoted\" \\ slash",
        "metadata": {"ticket": "OPS-12", "cc": ["x\\nmail.secret@example.com"]},
    },
    {
        "operation": "ListShares",
        "endpoint": "/shares/7",
        "actor": {"id": "u_8841", "email": "ana.secret@example.com", "name": "Ana Geheim"},
        "context": {"request_id": "req-1", "session_id": "ses-1", "source": "fleet-web"},
    },
    {"operation": "Tick", "stream": "system"},
]  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Entries]]:
    data = tmp_path_factory.mktemp("masked")
    entries = Entries(data)
    entries.add(*SENT)
    rng = random.Random(SEED)
    entries.add(*(_event(rng) for _ in range(300)))
    running = Running(data)
    try:
        running.wait(entries.size)
        yield running, entries
    finally:
        running.stop()


def _found(running: Running, masks: Masks, q: str) -> list[dict[str, Any]]:
    """What a search finds through masks, which is as many events as are counted."""
    filter_ = running.filter(q=q, reach=Reach(tenant_id=1, masks=masks))
    events = running.run(running.query.events(filter_, Page(limit=1000))).events
    assert running.run(running.query.count(filter_)) == len(events)
    return events


@pytest.mark.parametrize("masks", [PERSON, BOTH], ids=["person", "both"])
def test_what_is_hidden_is_not_found(running: tuple[Running, Entries], masks: Masks) -> None:
    service, _ = running
    fields = ("actor", "behalf", "target", "ip", "device", "agent", "reason", "change", "before",
              "after")  # fmt: skip
    terms = []
    for secret in SECRETS:
        assert _found(service, NO_MASKS, f'"{secret}"'), "the test's own value is there"
        terms += [f'"{secret}"', *(f'{name}:"{secret}"' for name in fields),
                  *(f"{name}:*{secret.split()[0]}*" for name in ("endpoint", "route"))]  # fmt: skip
    for start in range(0, len(terms), 50):
        assert _found(service, masks, " OR ".join(terms[start : start + 50])) == []


def test_networks_ranges_and_presence_tell_nothing(running: tuple[Running, Entries]) -> None:
    service, entries = running
    terms = ("ip:203.0.113.0/24", "ip:203.0.113.70..203.0.113.80", "ip:203.*", "has:ip",
             "has:device", "has:agent", "has:behalf")  # fmt: skip
    assert _found(service, PERSON, " OR ".join(terms)) == []
    assert len(_found(service, PERSON, "-has:ip")) == len(entries.events)


def test_what_is_visible_is_found_as_before(running: tuple[Running, Entries]) -> None:
    service, _ = running
    for text in ("OPS-12", "request:req-1 session:ses-1", '"Depot north" reason:quoted',
                 "source:fleet-web", "actor:u_8841",
                 "change.path:contact endpoint:*shares*"):  # fmt: skip
        plain = {event["index"] for event in _found(service, NO_MASKS, text)}
        assert {event["index"] for event in _found(service, PERSON, text)} == plain, text
        assert plain, text
    assert [one["operation"] for one in _found(service, BOTH, "OPS-12")] == []
    assert _found(service, BOTH, "has:changes") == []
    # Those of whom nothing else is shown can be counted together, and looked for together.
    name = _found(service, PERSON, f'actor:"{MASKED}"')
    assert name
    assert all(event["actor"]["name"] == MASKED for event in name)


@pytest.mark.parametrize("masks", [PERSON, BOTH], ids=["person", "both"])
def test_list_and_ledger_show_the_same(running: tuple[Running, Entries], masks: Masks) -> None:
    service, entries = running
    listed = {event["index"]: event for event in _found(service, masks, "")}
    assert set(listed) == set(entries.events)
    reader = EntryFile(service.data / "ledger.sqlite3")
    for index in entries.events:
        entry: Any = reader.entry(1, index)
        shown = masked_event(entry, masks)
        if listed[index]["state"]["person"] == "present":  # nothing that a list shows was hidden
            shown["state"]["person"] = "present"
        assert shown == listed[index], index
    text = json.dumps(listed, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in text]
    first = listed[min(entries.events)]
    assert first["state"]["person"] == "masked"
    assert first["endpoint"] == "/people/{email}/shares/7"
    if masks == PERSON:
        assert first["reason"] == 'asked by {email}, "quoted" \\ slash'
        assert first["changes"][0]["before"] == "old\n{email}"
        assert first["metadata"]["cc"] == ["x\\{email}"]  # a backslash, not a line break
    else:
        assert first["state"]["content"] == "masked"
        assert first["changes"] == []


def test_completion_offers_nothing_hidden(running: tuple[Running, Entries]) -> None:
    service, _ = running
    values = service.rows(
        "SELECT col, value FROM vals WHERE tenant = {tenant:UInt32} UNION ALL "
        "SELECT col, value FROM known WHERE tenant = {tenant:UInt32}",
        **{"tenant": 1, MASKS: PERSON},
    )
    assert {"col": "operation", "value": "CreateShare"} in values
    assert not [value for value in values for secret in SECRETS if secret in value["value"]]


def test_no_statement_gets_around_the_masks() -> None:
    for sql in ("SELECT 1 FROM default.events", "SELECT * FROM  events", "SELECT 1 JOIN events",
                "SELECT 1 WHERE x IN events", "SELECT max(stop) FROM rolled"):  # fmt: skip
        with pytest.raises(Exception, match="cannot be asked"):
            masked_sql(sql, frozenset(PERSON))
