"""Bodies that lie about themselves, burst, or are made to cost more than they weigh."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
import zstandard
from tests.hostile.conftest import Probe

pytestmark = pytest.mark.timeout(240)

MIB = 1024 * 1024
ONE = b'{"operation":"Packed"}'
# The service may have one unpacked body and its events in each of two parsers (32 MiB each),
# besides what requests and the queue may hold; a single hostile request stays far below that.
MOST_GROWTH_MB = 200


def pack(data: bytes, encoding: str) -> bytes:
    return gzip.compress(data, mtime=0) if encoding == "gzip" else zstandard.compress(data)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("cut", [1, 4, 8, 100, -12])
def test_a_truncated_body_stores_nothing(probe: Probe, encoding: str, cut: int) -> None:
    """Also where whole events come out of what is left: half a batch is not a batch."""
    lines = b"".join(b'{"operation":"Line","reason":"%d"}\n' % n for n in range(50_000))
    packed = pack(lines, encoding)
    size = probe.service.request("GET", "/v1/status", key=probe.service.key("r")).json
    reply = probe.send(packed[:-cut], media="application/x-ndjson", encoding=encoding)
    assert (reply.status, reply.code) == (400, "invalid-body")
    after = probe.service.request("GET", "/v1/status", key=probe.service.key("r")).json
    assert after["ledger"]["size"] <= size["ledger"]["size"] + 3  # Indelible's own events


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", ONE),
        ("gzip", b"\x1f\x8b"),
        ("gzip", gzip.compress(ONE, mtime=0) + b"garbage behind it"),
        ("gzip", gzip.compress(ONE, mtime=0)[:-4] + b"\xff\xff\xff\xff"),
        ("gzip", gzip.compress(ONE, mtime=0)[:-8] + b"\0\0\0\0" + gzip.compress(ONE)[-4:]),
        ("gzip", zlib.compress(ONE)),
        ("gzip", zstandard.compress(ONE)),
        ("zstd", ONE),
        ("zstd", gzip.compress(ONE, mtime=0)),
        ("zstd", zstandard.compress(ONE) + b"garbage"),
        ("zstd", b"\x28\xb5\x2f\xfd\x00\xf8" + b"\0" * 20),  # a window of a gigabyte and more
        ("zstd", b"\x28\xb5\x2f\xfd"),
    ],
)
def test_a_body_that_lies_about_its_encoding(probe: Probe, encoding: str, body: bytes) -> None:
    reply = probe.send(body, encoding=encoding)
    assert (reply.status, reply.code) == (400, "invalid-body")
    assert encoding in reply.json["detail"]


def test_an_encoding_that_is_not_read(probe: Probe) -> None:
    for encoding in ("br", "deflate", "gzip, gzip", "%00", "compress"):
        reply = probe.send(ONE, encoding=encoding)
        assert (reply.status, reply.code) == (415, "unsupported-media")


def ten_gigabytes(encoding: str) -> bytes:
    """10 GB of zeros in about 10 MB of gzip, and in about 1 MB of zstd."""
    block = b"0" * MIB
    made = io.BytesIO()
    if encoding == "gzip":
        # Members of the same bytes: made once, repeated.
        one = gzip.compress(block * 64, 9, mtime=0)
        return one * (10 * 1024 // 64)
    with zstandard.ZstdCompressor(level=1).stream_writer(made, closefd=False) as writer:
        for _ in range(10 * 1024):
            writer.write(block)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_ten_gigabytes_from_ten_megabytes(probe: Probe, encoding: str) -> None:
    bomb = ten_gigabytes(encoding)
    assert len(bomb) < 12 * MIB
    probe.send(ONE)
    probe.forget_peak()
    before = probe.rss_mb()
    for _ in range(3):
        reply = probe.send(bomb, encoding=encoding)
        assert (reply.status, reply.code) == (413, "too-large")
    assert probe.rss_mb() - before < MOST_GROWTH_MB
    assert probe.send(ONE).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_million_members_that_hold_nothing(probe: Probe, encoding: str) -> None:
    """Costs of a compressed body must not grow with the square of its members."""
    member = pack(b"", encoding)
    reply = probe.send(member * (4 * MIB // len(member)), encoding=encoding)
    assert (reply.status, reply.code) == (413, "too-large")
    assert "members" in reply.json["detail"]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"[" + b"1," * (15 * MIB) + b"1]", "application/json"),
        (b"[" + b"[]," * (10 * MIB) + b"[]]", "application/json"),
        (b"[" + b"{}," * 20_000 + b"{}]", "application/json"),
        (b"1\n" * (15 * MIB), "application/x-ndjson"),
        (b'{"operation":"Many"}\n' * 10_001, "application/x-ndjson"),
    ],
    ids=["numbers", "arrays", "objects", "short lines", "lines"],
)
def test_too_many_events_cost_no_more_than_their_bytes(
    probe: Probe, body: bytes, media: str
) -> None:
    probe.send(ONE)
    probe.forget_peak()
    before = probe.rss_mb()
    reply = probe.send(gzip.compress(body, 1, mtime=0), media=media, encoding="gzip")
    assert (reply.status, reply.code) == (413, "too-large")
    assert "10000 events" in reply.json["detail"]
    assert probe.rss_mb() - before < MOST_GROWTH_MB


@pytest.mark.parametrize("body", [b"", b" ", b"\n\n", b"\0", b"null", b"42", b'"x"', b"[", b"]",
                                  b"{", b"[}", b'{"operation":"x"', b"\xff\xfe{}", b"[[[[",
                                  b"{}{}", b"[{}]{}", b"\xef\xbb\xbf{}"])  # fmt: skip
def test_what_is_no_batch_is_refused(probe: Probe, body: bytes) -> None:
    reply = probe.send(body)
    assert reply.status in (400, 422)
    if reply.status == 422:
        assert reply.json["rejected"][0]["detail"]


def test_a_declared_length_over_the_limit_is_refused_before_the_body(probe: Probe) -> None:
    reply = probe.service.request(
        "POST", "/v1/events", key=probe.service.key("w"), body=b"x",
        headers={"content-type": "application/json", "content-length": str(10**12)},
    )  # fmt: skip
    assert (reply.status, reply.code) == (413, "too-large")
