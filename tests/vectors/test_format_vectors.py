"""Examples of the C2SP specifications, and rejects of transparency-dev/formats."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from indelible.errors import BadSignature, MalformedProof
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.note import encode_note, parse_note
from indelible.tlog.proof import ProofFile, encode_proof, parse_proof
from indelible.tlog.signature import encode_vkey, open_note, parse_vkey
from indelible.tlog.tile import Tile, encode_path, parse_path, tiles_of


@pytest.fixture(scope="module")
def c2sp(vectors: Path) -> Any:
    return json.loads((vectors / "c2sp-spec-examples" / "notes.json").read_bytes())


@pytest.fixture(scope="module")
def formats(vectors: Path) -> Path:
    return vectors / "transparency-dev-formats"


def test_the_signed_note_of_the_specification_verifies(c2sp: Any) -> None:
    key = parse_vkey(c2sp["vkey_example"]["vkey"])
    note = c2sp["vkey_example"]["note"].encode()
    assert encode_vkey(key) == c2sp["vkey_example"]["vkey"]
    assert open_note(note, [key]).note.text == "This is an example message.\n"
    with pytest.raises(BadSignature):
        open_note(note.replace(b"an example", b"no example"), [key])


def test_example_notes_parse_and_encode_to_the_same_bytes(c2sp: Any) -> None:
    for text in c2sp["unkeyed_note_examples_parse_only"]:
        assert encode_note(parse_note(text.encode())) == text.encode()
    checkpoint = parse_checkpoint(
        parse_note(c2sp["unkeyed_note_examples_parse_only"][1].encode()).text
    )
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)


def test_tile_paths(c2sp: Any) -> None:
    for number, path in c2sp["path_encoding"].items():
        tile = Tile(0, int(number), 256)
        assert encode_path(tile) == f"tile/0/{path}"
        assert parse_path(f"tile/0/{path}") == tile


def test_tile_counts(c2sp: Any) -> None:
    for size, want in c2sp["tile_counts"].items():
        found: dict[str, int] = {}
        for tile in tiles_of(int(size)):
            if tile.width == 256:
                key = f"L{tile.level}_full"
                found[key] = found.get(key, 0) + 1
            else:
                found[f"L{tile.level}_partial_width"] = tile.width
        assert found == want


def test_the_checkpoint_in_the_witness_example_parses(c2sp: Any) -> None:
    lines = [line[4:] for line in c2sp["tlog_witness_add_checkpoint_example"].splitlines()]
    note = parse_note(("\n".join(lines[lines.index("") + 1 :]) + "\n").encode())
    assert parse_checkpoint(note.text).size == 20852163
    assert len(note.signatures) == 2


def test_bad_checkpoints_are_refused(formats: Path) -> None:
    cases = json.loads((formats / "checkpoint.json").read_bytes())["bad"]
    assert len(cases) == 7
    for text in cases:
        with pytest.raises(MalformedProof):
            parse_checkpoint(text)


def test_proof_files_are_written_as_the_specification_does(formats: Path) -> None:
    for case in json.loads((formats / "tlog_proof.json").read_bytes())["marshal"]:
        proof = ProofFile(
            case["index"],
            tuple(base64.b64decode(h) for h in case["hashes"]),
            case["checkpoint"].encode(),
            base64.b64decode(case["extra"]) if case["extra"] else None,
        )
        assert encode_proof(proof) == case["want"].encode()
        assert parse_proof(case["want"].encode()) == proof


def test_bad_proof_files_are_refused(formats: Path) -> None:
    cases = json.loads((formats / "tlog_proof.json").read_bytes())["bad"]
    assert len(cases) == 7
    for text in cases:
        with pytest.raises(MalformedProof):
            parse_proof(text.encode())
