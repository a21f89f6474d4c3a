"""Bodies: encodings, limits, and splitting so that one bad event does not sink the others."""

import gzip
import zlib

import pytest
import zstandard

from indelible.errors import InvalidRequest, TooLarge, UnsupportedMedia
from indelible.server.ingest.body import MAX_BODY_BYTES, MAX_EVENTS, decompress, split_events


def texts(body: bytes, media: str | None = "application/json") -> list[bytes]:
    return [bytes(event).strip() for event in split_events(body, media)]


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", None, "GZIP"])
def test_encodings(encoding: str | None) -> None:
    plain = b'{"operation":"x"}' * 100
    packed = {"gzip": gzip.compress, "zstd": zstandard.compress}.get(
        (encoding or "").lower(), lambda data: data
    )(plain)
    assert decompress(packed, encoding) == plain


def test_several_gzip_members_are_one_body() -> None:
    assert decompress(gzip.compress(b"a") + gzip.compress(b"b"), "gzip") == b"ab"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_stopped_at_the_limit(encoding: str) -> None:
    bomb = b"0" * (MAX_BODY_BYTES + 1)
    packed = gzip.compress(bomb) if encoding == "gzip" else zstandard.compress(bomb)
    assert len(packed) < 100_000
    with pytest.raises(TooLarge):
        decompress(packed, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_cut_off_is_refused(encoding: str) -> None:
    packed = gzip.compress(b"x" * 99) if encoding == "gzip" else zstandard.compress(b"x" * 99)
    with pytest.raises(InvalidRequest, match="cut off"):
        decompress(packed[:-3], encoding)


def test_a_body_that_lies_about_its_encoding_is_refused() -> None:
    for encoding in ("gzip", "zstd"):
        with pytest.raises(InvalidRequest, match=f"not {encoding}"):
            decompress(b'{"operation":"x"}', encoding)
    with pytest.raises(UnsupportedMedia, match="'br'"):
        decompress(zlib.compress(b"x"), "br")


def test_one_event_an_array_or_lines() -> None:
    assert texts(b' {"a":1} ') == [b'{"a":1}']
    assert texts(b'[{"a":1}, {"b":2}]') == [b'{"a":1}', b'{"b":2}']
    assert texts(b"[]") == []
    assert texts(b'{"a":1}\n\n {"b":2}\r\n', "application/x-ndjson; charset=utf-8") == [
        b'{"a":1}',
        b'{"b":2}',
    ]


def test_an_array_with_one_ill_formed_event_is_split_all_the_same() -> None:
    body = b'[{"a":"x,]}"}, {"b":NaN}, {"c":"\\ud800"}, {"d":"\xff"}, {"e":"\\""}]'
    assert texts(body) == [
        b'{"a":"x,]}"}', b'{"b":NaN}', b'{"c":"\\ud800"}', b'{"d":"\xff"}', b'{"e":"\\""}',
    ]  # fmt: skip


def test_a_broken_array_is_refused_whole() -> None:
    for body in (b"[}", b'[{"a":1}', b'[{"a":1}]]', b'[{"a":1}] x', b'[{"a":1},'):
        with pytest.raises(InvalidRequest, match="brackets do not match"):
            texts(body)


def test_deep_nesting_costs_no_stack() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert texts(b'[{"a":' + deep + b'},{"b":1}]')[1] == b'{"b":1}'


def test_too_many_events_and_other_media_are_refused() -> None:
    with pytest.raises(TooLarge, match=f"at most {MAX_EVENTS} events"):
        split_events(b"{}\n" * (MAX_EVENTS + 1), "application/x-ndjson")
    with pytest.raises(UnsupportedMedia, match="text/plain"):
        split_events(b"{}", "text/plain")
    with pytest.raises(InvalidRequest, match="empty"):
        split_events(b" ", "application/json")
