"""Sealing: what is sealed opens again, and nothing else does."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample_ledger import SeededRandom

from indelible.errors import HashMismatch, MalformedProof, VerificationError
from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    Category,
    Floor,
    Genesis,
    Keys,
    PartedEvent,
    Policy,
    Selection,
    commitment,
    encode_extra,
    erasure_leaf,
    event_leaf,
    expand_salts,
    expiry_leaf,
    genesis_leaf,
    hold_leaf,
    keys_leaf,
    parse_extra,
    parse_leaf,
    policy_leaf,
    seal_run,
)

optional = st.none() | st.binary(max_size=40)
events = st.lists(
    st.builds(PartedEvent, st.integers(1, 5), st.binary(max_size=40), optional, optional),
    min_size=1,
    max_size=40,
)
days = st.integers(0, 0xFFFF_FFFF)
u64 = st.integers(0, (1 << 62))
hashes = st.binary(min_size=32, max_size=32)
parts = st.integers(1, 7)
words = st.text(max_size=10)
maybe_days = st.none() | st.integers(1, 10**6)
policies = st.builds(
    Policy,
    version=u64,
    effective_day=days,
    categories=st.lists(
        st.builds(
            Category,
            id=st.integers(1, 65535),
            name=words,
            enabled=st.booleans(),
            fact_days=maybe_days,
            person_days=maybe_days,
            content_days=maybe_days,
        ),
        max_size=3,
    ).map(tuple),
    floors=st.lists(
        st.builds(Floor, category=days, parts=parts, min_days=days, until_day=maybe_days),
        max_size=2,
    ).map(tuple),
    rules=words,
)
leaves = st.one_of(
    st.builds(
        lambda p, c, d, hs: event_leaf(p | FACT, c, d, hs[: (p | FACT).bit_count()]),
        parts,
        st.integers(1, 65535),
        days,
        st.lists(hashes, min_size=3, max_size=3),
    ),
    st.builds(
        lambda p, d, f, c, r, h: erasure_leaf(p, d, first=f, count=c, reason=r, record=h),
        parts,
        days,
        u64,
        st.integers(1, 0xFFFF_FFFF),
        st.sampled_from([1, 2, 3, 4, 255]),
        hashes,
    ),
    st.builds(
        lambda p, c, d, cut, u, i: expiry_leaf(p, c, d, cutoff_day=cut, upto=u, policy_index=i),
        parts,
        st.integers(1, 65535),
        days,
        days,
        u64,
        u64,
    ),
    st.builds(policy_leaf, policies, days),
    st.builds(
        keys_leaf,
        st.builds(
            Keys,
            log_keys=st.lists(words, max_size=2).map(tuple),
            approver_keys=st.lists(words, max_size=2).map(tuple),
            not_before=u64,
            witness_policy=st.none() | words,
        ),
        days,
    ),
    st.builds(
        genesis_leaf,
        st.builds(Genesis, st.integers(1, 9), words, st.lists(words, max_size=2).map(tuple)),
        days,
    ),
    st.builds(lambda i, d: hold_leaf(2, i, d), u64, days),
    st.builds(lambda i, d, h: hold_leaf(1, i, d, record=h), u64, days, hashes),
    st.builds(
        lambda i, d, ids, a, b, c, e: hold_leaf(
            1, i, d, selection=Selection(tuple(ids), a, b, c, e)
        ),
        u64,
        days,
        st.lists(st.integers(1, 65535), max_size=4),
        days,
        days,
        u64,
        u64,
    ),
)


@given(events, days)
def test_a_run_opens_with_its_seeds(run: list[PartedEvent], day: int) -> None:
    """The whole of formats.md B for events, done again step by step."""
    sealed = seal_run(run, day, SeededRandom(b"x"))
    seeds = {(piece.category_id, piece.part): piece.seed for piece in sealed.pieces}
    assert len(set(seeds.values())) == len(seeds)
    items = {(p.category_id, p.part): iter(p.items) for p in sealed.pieces}
    for k, event in enumerate(run):
        commitments = []
        bits = 0
        for part, data in ((FACT, event.fact), (PERSON, event.person), (CONTENT, event.content)):
            if data is None:
                continue
            bits |= part
            key = (event.category_id, part)
            assert next(items[key]) == data
            salt = expand_salts(seeds[key], 256)[32 * k : 32 * k + 32]
            commitments.append(commitment(part, salt, data))
        leaf = event_leaf(bits, event.category_id, day, commitments)
        assert sealed.leaf_hashes[k] == sha256(b"\x00" + leaf).digest()
        assert sealed.parts[k] == bits
        assert sealed.category_ids[k] == event.category_id
        assert len(leaf) <= 108
    assert all(next(rest, None) is None for rest in items.values())


@given(leaves)
def test_leaves_parse_and_any_other_byte_is_another_leaf_or_none(leaf: bytes) -> None:
    value = parse_leaf(leaf)
    assert parse_leaf(leaf) == value
    for cut in (leaf[:-1], leaf + b"\x00", b"", leaf[:11]):
        try:
            assert parse_leaf(cut) != value
        except MalformedProof:
            continue


@given(leaves, st.data())
def test_one_flipped_bit_never_reads_as_the_same_leaf(leaf: bytes, data: st.DataObject) -> None:
    value = parse_leaf(leaf)
    bit = data.draw(st.integers(0, 8 * len(leaf) - 1))
    changed = bytearray(leaf)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        assert parse_leaf(bytes(changed)) != value
    except MalformedProof:
        return


@given(events, st.data())
def test_one_flipped_bit_anywhere_in_a_disclosure_is_found(
    run: list[PartedEvent], data: st.DataObject
) -> None:
    """Leaf, salts, part bytes and lengths: no bit may change unseen, given the leaf hash."""
    k = data.draw(st.integers(0, len(run) - 1))
    shown = data.draw(st.sets(st.sampled_from([FACT, PERSON, CONTENT])))
    leaf, salts, bytes_of = opened(run, k)
    extra = encode_extra(leaf, salts, {part: bytes_of.get(part) for part in shown})
    found = parse_extra(extra)
    found.check()
    assert found.leaf == leaf
    assert found.parts == {part: bytes_of[part] for part in shown if part in bytes_of}
    bit = data.draw(st.integers(0, 8 * len(extra) - 1))
    changed = bytearray(extra)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        check_with_hash(bytes(changed), sha256(b"\x00" + leaf).digest())


def check_with_hash(extra: bytes, leaf_hash: bytes) -> None:
    """What a verifier does: the parts fit the leaf, and the tree has the leaf's hash."""
    disclosure = parse_extra(extra)
    disclosure.check()
    if sha256(b"\x00" + disclosure.leaf).digest() != leaf_hash:
        raise HashMismatch("the leaf is another one")


def opened(run: list[PartedEvent], k: int) -> tuple[bytes, dict[int, bytes], dict[int, bytes]]:
    """Leaf, salts and parts of one event of a run."""
    sealed = seal_run(run, 1, SeededRandom(b"y"))
    event = run[k]
    seeds = {(piece.category_id, piece.part): piece.seed for piece in sealed.pieces}
    everything = ((FACT, event.fact), (PERSON, event.person), (CONTENT, event.content))
    bytes_of = {part: data for part, data in everything if data is not None}
    salts = {
        part: expand_salts(seeds[event.category_id, part], k + 1)[32 * k :] for part in bytes_of
    }
    commitments = [commitment(part, salts[part], data) for part, data in bytes_of.items()]
    return event_leaf(sealed.parts[k], event.category_id, 1, commitments), salts, bytes_of
