"""Wycheproof vectors for the two signature schemes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indelible.errors import BadSignature
from indelible.tlog.signature import (
    ED25519,
    MLDSA44,
    SigningKey,
    check_signature,
    supports_mldsa44,
)

needs_mldsa = pytest.mark.skipif(
    not supports_mldsa44(), reason="the cryptography backend here has no ML-DSA-44"
)


def holds(algorithm: int, public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        check_signature(algorithm, public_key, signature, message)
    except BadSignature:
        return False
    return True


def test_ed25519(vectors: Path) -> None:
    data = json.loads((vectors / "wycheproof" / "ed25519_test.json").read_bytes())
    seen = 0
    for group in data["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            want = case["result"] == "valid"
            assert holds(ED25519, public, signature, message) is want, case["tcId"]
            seen += 1
    assert seen == data["numberOfTests"]


@needs_mldsa
def test_mldsa_44_verify(vectors: Path) -> None:
    """We sign with an empty context only: a signature made for another one must not hold."""
    data = json.loads((vectors / "wycheproof" / "mldsa_44_verify_test.json").read_bytes())
    seen = 0
    for group in data["testGroups"]:
        public = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            want = case["result"] == "valid" and not case.get("ctx")
            assert holds(MLDSA44, public, signature, message) is want, case["tcId"]
            seen += 1
    assert seen == 180


@needs_mldsa
def test_mldsa_44_keys_and_signatures_from_seeds(vectors: Path) -> None:
    data = json.loads((vectors / "wycheproof" / "mldsa_44_sign_seed_test.json").read_bytes())
    checked = 0
    for group in data["testGroups"]:
        seed = bytes.fromhex(group["privateSeed"])
        if len(seed) != 32:
            continue
        key = SigningKey("log.example", MLDSA44, seed).vkey
        public = bytes.fromhex(group["publicKey"])
        assert key.public_key == public
        for case in group["tests"]:
            if "msg" not in case or case["result"] != "valid" or case.get("ctx"):
                continue
            signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            assert holds(MLDSA44, public, signature, message)
            checked += 1
    assert checked > 20
