"""The golden vectors of spec/vectors: made again they are the same, and they hold on their own."""

from __future__ import annotations

import importlib.util
import json
from hashlib import sha256, shake_256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from indelible.seal import parse_extra, parse_leaf
from indelible.tlog.merkle import root_of, verify_inclusion
from indelible.tlog.proof import parse_proof
from indelible.tlog.signature import open_checkpoint, parse_vkey

NAMES = ("leaves.json", "salts.json", "log.json")


@pytest.fixture(scope="module")
def maker(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_vectors", root / "scripts/make_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(root: Path, name: str) -> Any:
    return json.loads((root / "spec" / "vectors" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_made_again_they_are_the_same(root: Path, maker: ModuleType, name: str) -> None:
    """A difference means that the format changed: stored ledgers would not verify any more."""
    assert set(maker.FILES) == set(NAMES)
    stored = (root / "spec" / "vectors" / name).read_text(encoding="utf-8")
    assert maker.encode(maker.FILES[name]()) == stored


def test_leaves_parse_and_hash(root: Path) -> None:
    cases = load(root, "leaves.json")
    kinds = set()
    for case in cases["leaves"].values():
        data = bytes.fromhex(case["leaf"])
        leaf = parse_leaf(data)
        kinds.add(leaf.header.type)
        assert data[:4] == b"IND1"
        assert leaf.header.day == cases["day"]
        assert sha256(b"\x00" + data).hexdigest() == case["leaf_hash"]
    assert kinds == {1, 2, 3, 4, 5, 6, 7}


def test_salts_and_commitments_follow_the_words_of_the_specification(root: Path) -> None:
    cases = load(root, "salts.json")
    stream = shake_256(bytes.fromhex(cases["seed"]) + b"indelible/v1/salts").digest(128)
    assert [stream[at : at + 32].hex() for at in range(0, 128, 32)] == cases["salts"]
    for case in cases["commitments"]:
        data = bytes.fromhex(case["salt"]) + bytes([case["tag"]]) + case["bytes"].encode()
        assert sha256(data).hexdigest() == case["commitment"]


def test_the_receipt_verifies_with_the_key_alone(root: Path) -> None:
    log = load(root, "log.json")
    proof = parse_proof(log["proof"].encode())
    assert proof.extra is not None
    shown = parse_extra(proof.extra)
    shown.check()
    assert set(shown.parts) == {1, 4}
    checkpoint, _ = open_checkpoint(proof.checkpoint, log["origin"], [parse_vkey(log["vkey"])])
    leaf_hash = sha256(b"\x00" + shown.leaf).digest()
    verify_inclusion(leaf_hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    assert checkpoint.root.hex() == log["root"]
    first = [sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in log["entries"]]
    assert [h.hex() for h in first] == log["leaf_hashes"][:2]
    assert root_of(first) != checkpoint.root
