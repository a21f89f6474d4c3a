"""Every parser of tlog gives back what was encoded, and accepts nothing that encodes otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.errors import MalformedProof
from indelible.tlog.checkpoint import Checkpoint, encode_checkpoint, parse_checkpoint
from indelible.tlog.cosignature import encode_timestamped, parse_timestamped
from indelible.tlog.merkle import Frontier
from indelible.tlog.note import Note, SignatureLine, encode_note, parse_note
from indelible.tlog.policy import Group, LogEntry, TrustPolicy, Witness, encode_policy, parse_policy
from indelible.tlog.proof import ProofFile, encode_proof, parse_proof
from indelible.tlog.signature import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44,
    VerifierKey,
    encode_vkey,
    parse_vkey,
)
from indelible.tlog.tile import Tile, encode_path, parse_path

Value = TypeVar("Value")

hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, (1 << 63) - 1)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"),
    min_size=1,
    max_size=20,
).filter(lambda s: not any(c.isspace() for c in s))
line_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
lines = st.builds(
    SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)
texts = st.lists(st.one_of(line_text, st.just("")), min_size=1, max_size=5).map(
    lambda parts: "".join(f"{part}\n" for part in parts)
)
notes = st.builds(Note, texts, st.lists(lines, min_size=1, max_size=4).map(tuple))
checkpoints = st.builds(
    Checkpoint, line_text, sizes, hashes, st.lists(line_text, max_size=2).map(tuple)
)
proofs = st.builds(
    ProofFile,
    sizes,
    st.lists(hashes, max_size=63).map(tuple),
    st.binary(min_size=1, max_size=60),
    st.none() | st.binary(min_size=1, max_size=60),
)
vkeys = st.one_of(
    st.builds(VerifierKey, names, st.just(ED25519), st.binary(min_size=32, max_size=32)),
    st.builds(VerifierKey, names, st.just(ED25519_COSIGNATURE), hashes),
    st.builds(VerifierKey, names, st.just(MLDSA44), st.binary(min_size=1312, max_size=1312)),
)


def check_round_trip(
    value: Value, encode: Callable[[Value], bytes], parse: Callable[[bytes], Value]
) -> None:
    assert parse(encode(value)) == value


@given(notes)
def test_notes(note: Note) -> None:
    check_round_trip(note, encode_note, parse_note)


@given(checkpoints)
def test_checkpoints(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(encode_checkpoint(checkpoint)) == checkpoint


@given(proofs)
def test_proof_files(proof: ProofFile) -> None:
    check_round_trip(proof, encode_proof, parse_proof)


@given(vkeys)
def test_vkeys(key: VerifierKey) -> None:
    assert parse_vkey(encode_vkey(key)) == key


@given(st.none() | st.integers(0, 63), st.integers(0, 10**13), st.integers(1, 256))
def test_tile_paths(level: int | None, n: int, width: int) -> None:
    tile = Tile(level, n, width)
    assert parse_path(encode_path(tile)) == tile


@given(sizes, st.binary(min_size=64, max_size=64))
def test_timestamped_signatures(time_s: int, signature: bytes) -> None:
    assert parse_timestamped(encode_timestamped(time_s, signature), 64) == (time_s, signature)


@given(sizes, st.data())
def test_right_edges(size: int, data: st.DataObject) -> None:
    count = size.bit_count()
    frontier = Frontier(size, data.draw(st.lists(hashes, min_size=count, max_size=count)))
    assert Frontier.from_bytes(frontier.to_bytes()).to_bytes() == frontier.to_bytes()


@st.composite
def policies(draw: st.DrawFn) -> TrustPolicy:
    word = st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="#"),
        min_size=1,
        max_size=8,
    ).filter(lambda s: s != "none")
    taken = draw(st.lists(word, unique=True, min_size=2, max_size=6))
    publics = draw(st.lists(hashes, unique=True, min_size=8, max_size=8))
    url = st.none() | st.just("https://log.example/x")
    logs = tuple(
        LogEntry(VerifierKey(f"log{k}.example", ED25519, publics[k]), draw(url)) for k in range(2)
    )
    half = max(1, len(taken) // 2)
    witnesses = tuple(
        Witness(name, VerifierKey("w.example", ED25519_COSIGNATURE, publics[2 + k]), draw(url))
        for k, name in enumerate(taken[:half])
    )
    free = list(taken[:half])
    groups = []
    for name in taken[half:]:
        members = tuple(free)
        groups.append(Group(name, draw(st.integers(1, len(members))), members))
        free = [name]
    quorum = draw(st.sampled_from([*taken, "none"]))
    return TrustPolicy(logs, witnesses, tuple(groups), quorum)


@given(policies())
def test_trust_policies(policy: TrustPolicy) -> None:
    check_round_trip(policy, encode_policy, parse_policy)


@pytest.mark.parametrize(
    ("parse", "encode"),
    [
        (parse_note, encode_note),
        (parse_proof, encode_proof),
        (lambda d: parse_checkpoint(d.decode()), lambda c: encode_checkpoint(c).encode()),
        (lambda d: parse_path(d.decode()), lambda t: encode_path(t).encode()),
    ],
)
@given(st.data())
def test_what_is_accepted_encodes_to_the_same_bytes(
    parse: Callable[[bytes], object], encode: Callable[[object], bytes], data: st.DataObject
) -> None:
    """One changed byte anywhere in a good input is refused, or is the spelling of its own value."""
    good = data.draw(
        st.one_of(
            notes.map(encode_note),
            proofs.map(encode_proof),
            checkpoints.map(lambda c: encode_checkpoint(c).encode()),
            st.integers(0, 10**6).map(lambda n: encode_path(Tile(0, n, 5)).encode()),
        )
    )
    changed = bytearray(good)
    changed[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = parse(bytes(changed))
    except (MalformedProof, UnicodeDecodeError):
        return
    assert encode(value) == bytes(changed)
