"""Values that no honest sender writes: mended and marked, or refused alone; never a loss."""

from __future__ import annotations

import gzip

import pytest
from tests.hostile.conftest import Probe, dumps

pytestmark = pytest.mark.timeout(240)

MIB = 1024 * 1024
MOST_GROWTH_MB = 300


@pytest.mark.parametrize("depth", [1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_cut_and_marked(
    probe: Probe, depth: int, opening: bytes, closing: bytes
) -> None:
    deep = b'{"operation":"Deep","reason":"kept","metadata":{"deep":%s1%s,"after":2}}' % (
        opening * depth,
        closing * depth,
    )
    event = probe.stored(deep)
    assert event["reason"] == "kept"
    assert "nested deeper" in event["context"]["altered"][0]
    if len(deep) < 256 * 1024:
        assert event["metadata"]["after"] == 2


def test_nesting_without_an_end(probe: Probe) -> None:
    reply = probe.send(b"[" * 1_000_000)
    assert (reply.status, reply.code) == (400, "invalid-body")
    reply = probe.send(b'{"operation":"x","metadata":' + b"[" * 1_000_000)
    assert reply.status == 422
    assert "not JSON" in reply.json["rejected"][0]["detail"]


@pytest.mark.parametrize("path", ["/v1/session", "/v1/setup", "/v1/setup/check"])
@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"email":' + b"[" * 60_000, b'{"email":"\xff\xfe"}', b'{"email":"\\ud800"}',
     b"\xff", b'{"token":{"a":1}}', b"null", b'{"email":1e999}', b'{"token":NaN}', b""],
)  # fmt: skip
def test_small_bodies_are_read_as_strictly(probe: Probe, path: str, body: bytes) -> None:
    reply = probe.service.request(
        "POST", path, body=body, headers={"content-type": "application/json"}
    )
    assert (reply.status, reply.code) == (400, "invalid-request"), reply.body
    assert reply.json["detail"]


def test_a_million_keys(probe: Probe) -> None:
    keys = b",".join(b'"k%d":%d' % (n, n) for n in range(1_000_000))
    probe.batch()
    probe.forget_peak()
    before = probe.rss_mb()
    event = probe.stored(b'{"operation":"Keys","reason":"kept","metadata":{%s}}' % keys)
    assert event["reason"] == "kept"
    assert "metadata: left out" in event["context"]["altered"][0]
    assert "k0: unknown key" in probe.refused(b'{"operation":"Keys",%s}' % keys)
    assert probe.rss_mb() - before < MOST_GROWTH_MB


@pytest.mark.parametrize("part", ["metadata", "changes", "targets", "actor", "operation"])
def test_millions_of_values_in_one_event(probe: Probe, part: str) -> None:
    """Without a look at the bytes first, 28 MiB of `[],` become more than a gigabyte of objects."""
    lists = b"[" + b"[]," * (9 * MIB) + b"[]]"
    value = b'{"a":%s}' % lists if part in ("metadata", "actor") else lists
    sent = b'{"operation":"Wide","%s":%s}' % (part.encode(), value)
    probe.batch()
    probe.forget_peak()
    before = probe.rss_mb()
    reply = probe.send(gzip.compress(sent, 1), encoding="gzip")
    if part == "operation":
        assert reply.status == 422
        assert reply.json["rejected"][0]["detail"].startswith("operation: expected string")
    else:
        assert reply.status == 200
        marks = probe.read(reply.json["receipts"][0]["id"])["context"]["altered"]
        assert marks[0].startswith(f"{part}: left out, ")
    assert probe.rss_mb() - before < MOST_GROWTH_MB


def test_the_last_of_duplicate_names_wins_at_every_level(probe: Probe) -> None:
    event = probe.stored(
        b'{"operation":"First","operation":"Last","actor":{"id":"a","id":"b"},'
        b'"metadata":{"x":1,"x":2,"__proto__":{"y":3}}}'
    )
    assert (event["operation"], event["actor"]["id"]) == ("Last", "b")
    assert event["metadata"] == {"x": 2, "__proto__": {"y": 3}}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (b'"\\ud800"', "lone surrogate"),
        (b'"\\udfff\\ud83d"', "lone surrogate"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xff\xfe"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b'"' + b"x" * 100_000 + b'"', "cut from 100000"),
    ],
)
def test_ill_formed_text_is_mended_and_marked(probe: Probe, value: bytes, path: str) -> None:
    event = probe.stored(b'{"operation":"Text","reason":%s,"metadata":{"v":1}}' % value)
    assert event["metadata"] == {"v": 1}
    assert path in " ".join(event["context"]["altered"])


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (b"NaN", None),
        (b"-Infinity", None),
        (b"1e999", None),
        (b"9223372036854775807", 9223372036854775807),
        (b"-9223372036854775808", -9223372036854775808),
        (b"18446744073709551616", 18446744073709551616),
        (b"-" + b"9" * 400, int("-" + "9" * 400)),
        (b"9" * 10_000, "9" * 10_000),
        (b"1e-400", 0.0),
        (b"0.1", 0.1),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_numbers(probe: Probe, number: bytes, kept: object) -> None:
    event = probe.stored(b'{"operation":"Number","metadata":{"n":%s,"m":1}}' % number)
    assert event["metadata"] == {"n": kept, "m": 1}
    if kept is None or isinstance(kept, str):
        assert event["context"]["altered"]


@pytest.mark.parametrize("number", [b"-1", b"1000", b"2.5", b"1e99", b"9" * 400, b"9" * 9000,
                                    b'"200"', b"true", b"[]", b"99999999999999999999"])  # fmt: skip
def test_a_status_that_is_none_is_the_senders_mistake(probe: Probe, number: bytes) -> None:
    assert probe.refused(b'{"operation":"x","status":%s}' % number).startswith("status: ")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T14:00:00+13:59", "0001-01-01T00:01:00Z"),
        ("1583-01-01T00:00:00Z", "1583-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2262-04-12T00:00:00Z", "2262-04-12T00:00:00Z"),
        ("2300-01-01T00:00:00Z", "2300-01-01T00:00:00Z"),
        ("2024-02-29T12:00:00+23:59", "2024-02-28T12:01:00Z"),
        ("2024-06-30t23:59:59z", "2024-06-30T23:59:59Z"),
    ],
)
def test_far_times_are_kept_exactly(probe: Probe, sent: str, read: str) -> None:
    event = probe.stored(dumps({"operation": "Far", "occurred_at": sent}))
    assert event["occurred_at"] == read
    exported = probe.service.request(
        "GET", "/v1/export", key=probe.service.key("r"),
        params={"format": "csv", "q": f"id:{event['id']}"},
    )  # fmt: skip
    assert exported.status == 200
    assert read.removesuffix("Z") in exported.body.decode()


@pytest.mark.parametrize(
    "time",
    ["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "0000-01-01T00:00:00Z",
     "-001-01-01T00:00:00Z", "-1", "10000-01-01T00:00:00Z", "2024-01-01T00:00:00",
     "2024-01-01T00:00:00+99:99", "2024-01-01T24:00:00Z", "2023-02-29T00:00:00Z",
     "2024-06-30T23:59:60Z", "2024-01-01T00:00:00 Europe/Berlin", "", "now", "1e999", 1e18, -1,
     [], {}, True],
)  # fmt: skip
@pytest.mark.parametrize("field", ["occurred_at", "scheduled_for"])
def test_what_is_no_time_is_refused_with_its_path(probe: Probe, time: object, field: str) -> None:
    if field == "occurred_at":
        event: dict[str, object] = {"operation": "x", "occurred_at": time}
    else:
        event = {"operation": "x", "job": {"scheduled_for": time}}
    assert field in probe.refused(dumps(event))


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"operation": "x", "nope": 1}, "nope: unknown key"),
        ({"operation": "x", "actor": {"nope": 1}}, "actor.nope: unknown key"),
        ({"operation": "x", "actor": {"on_behalf_of": {"x": 1}}}, "actor.on_behalf_of.x"),
        ({"operation": "x", "targets": [{}, {"nope": 1}]}, "targets"),
        ({"operation": "x", "changes": [{"path": "p", "nope": 1}]}, "changes"),
        ({"operation": "x", "context": {"nope": 1}}, "context.nope"),
        ({"operation": "x", "job": {"nope": 1}}, "job.nope"),
        ({"operation": "x", "index": 5}, "index: unknown key"),
        ({"operation": "x", "received_at": "2024-01-01T00:00:00Z"}, "received_at: unknown key"),
        ({"operation": "x", "reported_by": "service"}, "reported_by: unknown key"),
        ({"operation": ""}, "operation"),
        ({}, "operation"),
        ({"operation": "x", "id": "1; DROP TABLE run"}, "id"),
        ({"operation": "x", "stream": "audit"}, "stream"),
    ],
)
def test_unknown_keys_and_what_only_the_service_sets(
    probe: Probe, event: dict[str, object], path: str
) -> None:
    assert path in probe.refused(dumps(event))


def test_nobody_writes_in_the_name_of_indelible(probe: Probe) -> None:
    answer = probe.batch(b'{"operation":"x","category":"audit"}')
    assert answer["rejected"][0]["position"] == 1
    assert "audit" in answer["rejected"][0]["detail"]


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/passwd", "Europe/Berlin\0", "UTC+99",
                                  "+25:00", "", "europe/berlin\n", "A" * 5000, "posix/UTC", "..",
                                  "America", "zone.tab", "\ud7ff", "🕰"])  # fmt: skip
def test_absurd_zones(probe: Probe, zone: str) -> None:
    params = {"tz": zone, "period": "day", "date": "2024-02-30"}
    for path in ("/v1/events", "/v1/stats", "/v1/export"):
        reply = probe.service.request("GET", path, key=probe.service.key("r"), params=params)
        assert reply.status == 400
        assert reply.json["parameter"] in ("tz", "date")


@pytest.mark.parametrize(
    "params",
    [{"period": "day", "date": "9999-12-31", "tz": "Pacific/Kiritimati"},
     {"period": "week", "date": "9999-12-31", "tz": "America/Los_Angeles"},
     {"period": "month", "date": "0001-01-01", "tz": "Asia/Tokyo"},
     {"period": "week", "date": "0001-01-01", "tz": "UTC"},
     {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
     {"from": "9999-12-31T23:59:59Z", "to": "0001-01-01T00:00:00Z"},
     {"from": "-1", "to": "0"},
     {"from": "0001-01-01T00:00:00+14:00"}, {"to": "9999-12-31T23:59:59-14:00"},
     {"period": "day", "date": "-001-01-01"}, {"period": "day", "date": "99999-01-01"},
     {"min_index": str(2**63)}, {"min_index": "-1"}, {"limit": "9" * 500}, {"limit": "1e3"},
     {"limit": "１０"}, {"group": "time", "buckets": "0"}, {"group": "time", "buckets": "-5"}],
    ids=str,
)  # fmt: skip
def test_ranges_at_the_ends_of_time(probe: Probe, params: dict[str, str]) -> None:
    for path in ("/v1/events", "/v1/stats", "/v1/export"):
        asked = dict(params)
        if path == "/v1/stats" and "group" not in asked:
            asked["group"] = "time"
        reply = probe.service.request("GET", path, key=probe.service.key("r"), params=asked)
        assert reply.status in (200, 400), (path, reply.body)
        if reply.status == 400:
            assert reply.json["detail"]
