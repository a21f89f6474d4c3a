"""Sealing: limits and refusals that the properties do not reach."""

from __future__ import annotations

import pytest
from tests.sample_ledger import SeededRandom, sample_event

from indelible.errors import HashMismatch, MalformedProof
from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    EventLeaf,
    PartedEvent,
    Policy,
    UnknownLeaf,
    commitment,
    encode_extra,
    erasure_leaf,
    event_leaf,
    expand_salts,
    hold_leaf,
    parse_extra,
    parse_header,
    parse_leaf,
    policy_leaf,
    seal_run,
)

SALT = bytes(range(32))


@pytest.mark.parametrize("count", [0, 257])
def test_a_run_has_one_to_256_events(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 256"):
        seal_run([sample_event(1)] * count, 1, SeededRandom(b""))


def test_a_short_source_of_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="short"):
        seal_run([sample_event(1)], 1, lambda size: bytes(size - 1))


def test_salts_are_taken_by_position_whether_or_not_the_part_is_there() -> None:
    """Two runs with one seed: an event keeps its salt when its neighbour loses a part."""
    with_person = [PartedEvent(16, b"a", b"p", None), PartedEvent(16, b"b", b"q", None)]
    without = [PartedEvent(16, b"a", None, None), PartedEvent(16, b"b", b"q", None)]
    same_seed = lambda size: b"s" * size  # noqa: E731 - a constant in place of randomness
    first = seal_run(with_person, 1, same_seed)
    second = seal_run(without, 1, same_seed)
    assert first.leaf_hashes[1] == second.leaf_hashes[1]
    assert first.leaf_hashes[0] != second.leaf_hashes[0]


def test_the_same_event_sealed_twice_shows_nothing_in_common() -> None:
    event = sample_event(1)
    run = seal_run([event, event], 1, SeededRandom(b"r"))
    assert run.leaf_hashes[0] != run.leaf_hashes[1]


@pytest.mark.parametrize(
    ("parts", "category", "count"), [(2, 16, 1), (0, 16, 0), (8, 16, 1), (1, 0, 1), (7, 16, 2)]
)
def test_an_event_leaf_must_make_sense(parts: int, category: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"an event needs|commitments do not fit"):
        event_leaf(parts, category, 1, [bytes(32)] * count)


@pytest.mark.parametrize(
    "leaf",
    [
        b"IND2" + bytes(8),
        b"IND1",
        b"IND1\x01\x00" + bytes(6),  # an event without a fact
        b"IND1\x01\x01\x00\x00" + bytes(4 + 32),  # without a category
        b"IND1\x01\x01\x00\x10" + bytes(4 + 31),  # a commitment cut off
        b"IND1\x04\x00\x00\x00" + bytes(4) + b"{}",  # a policy without fields
        b"IND1\x07\x00\x00\x00" + bytes(4) + b'{"format":1, "origin":"a","keys":[]}',  # a space
        b"IND1\x07\x00\x00\x01" + bytes(4) + b'{"format":1,"origin":"a","keys":[]}',  # a category
        b"IND1\x05\x00\x00\x00" + bytes(4) + b"\x01" + bytes(8) + b"\x00",  # placed on nothing
        b"IND1\x05\x00\x00\x00" + bytes(4) + b"\x03" + bytes(8) + b"\x00",  # an unknown action
        bytes(70_000),
    ],
)
def test_what_we_would_not_write_is_no_leaf(leaf: bytes) -> None:
    with pytest.raises(MalformedProof):
        parse_leaf(leaf)


def test_a_type_of_a_newer_version_is_read_as_unknown() -> None:
    leaf = parse_leaf(b"IND1\x63\x00\x00\x00\x00\x00\x00\x05rest")
    assert isinstance(leaf, UnknownLeaf)
    assert (leaf.header.type, leaf.header.day, leaf.body) == (0x63, 5, b"rest")
    assert parse_header(b"IND1\x63\x00\x00\x00\x00\x00\x00\x05") == leaf.header


def test_what_could_not_be_read_back_is_not_written() -> None:
    with pytest.raises(MalformedProof):
        erasure_leaf(7, 1, first=0, count=0, reason=1, record=bytes(32))
    with pytest.raises(MalformedProof):
        erasure_leaf(7, 1, first=0, count=1, reason=9, record=bytes(32))
    with pytest.raises(MalformedProof):
        hold_leaf(1, 1, 1)
    with pytest.raises(MalformedProof):
        policy_leaf(Policy(1, 1, (), rules="r" * 70_000), 1)


def test_a_withheld_part_shows_neither_bytes_nor_salt() -> None:
    salts = {FACT: SALT, PERSON: SALT[::-1], CONTENT: SALT}
    parts = {FACT: b"f", PERSON: b"secret", CONTENT: b"c"}
    leaf = event_leaf(7, 16, 1, [commitment(p, salts[p], parts[p]) for p in parts])
    extra = encode_extra(leaf, salts, {FACT: b"f", CONTENT: b"c"})
    assert b"secret" not in extra
    assert salts[PERSON] not in extra
    found = parse_extra(extra)
    assert isinstance(found.check(), EventLeaf)
    assert set(found.parts) == {FACT, CONTENT}
    for cut in range(len(extra)):
        with pytest.raises(MalformedProof):
            parse_extra(extra[:cut])
    with pytest.raises(MalformedProof):
        parse_extra(extra + b"\x00")


def test_a_part_that_was_not_sealed_is_refused() -> None:
    leaf = event_leaf(1, 16, 1, [commitment(FACT, SALT, b"f")])
    with pytest.raises(HashMismatch):
        parse_extra(encode_extra(leaf, {FACT: SALT}, {FACT: b"other"})).check()
    with pytest.raises(MalformedProof):
        parse_extra(encode_extra(leaf, {PERSON: SALT}, {PERSON: b"p"})).check()
    with pytest.raises(ValueError, match="salt"):
        encode_extra(leaf, {}, {FACT: b"f"})


def test_giving_one_salt_away_tells_nothing_of_the_others() -> None:
    """They are one stream, but only its seed, which is never given away, continues it."""
    salts = expand_salts(SALT, 3)
    assert len({salts[at : at + 32] for at in (0, 32, 64)}) == 3
    assert expand_salts(SALT, 2) == salts[:64]
    assert SALT not in salts
