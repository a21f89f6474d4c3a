"""Notes, checkpoints and their signatures: what must be refused."""

from __future__ import annotations

import pytest
from tests.sample_ledger import SeededRandom

from indelible.errors import BadSignature, MalformedProof
from indelible.tlog.checkpoint import Checkpoint, encode_checkpoint, parse_checkpoint
from indelible.tlog.cosignature import cosignature_message, subtree_message
from indelible.tlog.keyfile import encode_key_file, generate_log_keys, parse_key_file
from indelible.tlog.note import (
    MAX_SIGNATURES,
    Note,
    SignatureLine,
    encode_note,
    parse_base64,
    parse_decimal,
    parse_note,
)
from indelible.tlog.signature import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44,
    SigningKey,
    encode_vkey,
    open_checkpoint,
    open_note,
    parse_vkey,
    sign_checkpoint,
    sign_note,
    supports_mldsa44,
)

ORIGIN = "log.example/1"
CHECKPOINT = Checkpoint(ORIGIN, 5, bytes(range(32)))
needs_mldsa = pytest.mark.skipif(
    not supports_mldsa44(), reason="the cryptography backend here has no ML-DSA-44"
)


def key(name: str = ORIGIN, algorithm: int = ED25519, seed: bytes = b"k") -> SigningKey:
    return SigningKey.generate(name, SeededRandom(seed), algorithm)


def test_a_log_signs_with_every_key_it_has_and_either_is_enough() -> None:
    keys = generate_log_keys(ORIGIN, SeededRandom(b"log"))
    note = sign_checkpoint(CHECKPOINT, keys, 1_234)
    assert note.count("— ".encode()) == len(keys) == (2 if supports_mldsa44() else 1)
    for one in keys:
        checkpoint, opened = open_checkpoint(note, ORIGIN, [one.vkey])
        assert checkpoint == CHECKPOINT
        assert opened.signers == ((one.vkey, None if one.algorithm == ED25519 else 1_234),)


def test_a_failing_line_of_a_known_key_sinks_the_whole_note() -> None:
    good, other = key(), key(seed=b"other")
    text = encode_checkpoint(CHECKPOINT)
    line = SignatureLine(ORIGIN, other.vkey.key_id, good.sign(text, 0))
    note = encode_note(Note(text, (*parse_note(sign_note(text, [good], 0)).signatures, line)))
    assert open_note(note, [good.vkey]).note.text == text
    with pytest.raises(BadSignature, match="does not hold"):
        open_note(note, [good.vkey, other.vkey])


def test_an_unknown_signer_is_ignored_and_alone_not_enough() -> None:
    note = sign_checkpoint(CHECKPOINT, [key()], 0)
    with pytest.raises(BadSignature, match="no known key"):
        open_note(note, [key(seed=b"other").vkey])
    with pytest.raises(BadSignature):
        open_note(note, [])


def test_a_checkpoint_of_another_log_is_refused_even_with_its_key() -> None:
    note = sign_note(encode_checkpoint(CHECKPOINT), [key("other.example")], 0)
    with pytest.raises(BadSignature):
        open_checkpoint(note, ORIGIN, [key("other.example").vkey])
    with pytest.raises(BadSignature, match="not of"):
        open_checkpoint(note, "other.example", [key("other.example").vkey])


@pytest.mark.parametrize(
    "algorithm", [ED25519, ED25519_COSIGNATURE, pytest.param(MLDSA44, marks=needs_mldsa)]
)
def test_each_type_signs_text_and_time(algorithm: int) -> None:
    signer = key(algorithm=algorithm)
    text = encode_checkpoint(CHECKPOINT)
    opened = open_note(sign_note(text, [signer], 77), [signer.vkey])
    assert opened.signers[0][1] == (None if algorithm == ED25519 else 77)
    payload = bytearray(signer.sign(text, 77))
    for at in (0, 7, 8, len(payload) - 1):
        changed = payload.copy()
        changed[at] ^= 1
        note = Note(text, (SignatureLine(ORIGIN, signer.vkey.key_id, bytes(changed)),))
        with pytest.raises(BadSignature):
            open_note(encode_note(note), [signer.vkey])
    for wrong in (payload[:-1], payload + b"\x00"):
        note = Note(text, (SignatureLine(ORIGIN, signer.vkey.key_id, bytes(wrong)),))
        with pytest.raises(BadSignature):
            open_note(encode_note(note), [signer.vkey])


def test_messages_are_those_of_the_specification() -> None:
    assert cosignature_message(1679315147, "a\n1\nh\n") == (
        b"cosignature/v1\ntime 1679315147\na\n1\nh\n"
    )
    message = subtree_message("w", 1, "log", end=5, root=bytes(32))
    assert message == (
        b"subtree/v1\n\x00" + b"\x01w" + bytes(7) + b"\x01" + b"\x03log"
        + bytes(8) + bytes(7) + b"\x05" + bytes(32)
    )  # fmt: skip
    for arguments in (
        {"cosigner": "", "time_s": 0, "origin": "l", "end": 1, "root": bytes(32)},
        {"cosigner": "w" * 256, "time_s": 0, "origin": "l", "end": 1, "root": bytes(32)},
        {"cosigner": "w", "time_s": 1, "origin": "l", "start": 1, "end": 2, "root": bytes(32)},
        {"cosigner": "w", "time_s": 1 << 63, "origin": "l", "end": 1, "root": bytes(32)},
        {"cosigner": "w", "time_s": 0, "origin": "l", "end": 1, "root": bytes(31)},
    ):
        with pytest.raises(MalformedProof):
            subtree_message(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "log\n05\n" + "A" * 43 + "=\n",
        "log\n5\n" + "A" * 43 + "=",
        "log\n5\n" + "A" * 43 + "=\n\n",
        "\n5\n" + "A" * 43 + "=\n",
        "log\n+5\n" + "A" * 43 + "=\n",
        "log\n4_2\n" + "A" * 43 + "=\n",
        "log\n9223372036854775808\n" + "A" * 43 + "=\n",
        "log\n5\n" + "A" * 40 + "\n",
        "log\n5\n" + "A" * 42 + "B=\n",  # another spelling of the same bytes
        "log\n5\n" + "A" * 43 + "= \n",
        "log\r\n5\n" + "A" * 43 + "=\n",
    ],
)
def test_bad_checkpoints(text: str) -> None:
    with pytest.raises(MalformedProof):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "data",
    [
        b"no blank line\n",
        b"text\n\n",
        "text\n\n— name AAAAAAA=".encode(),
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name  AAAAAAA=\n".encode(),
        "te\x00xt\n\n— name AAAAAAA=\n".encode(),
        b"\xff\n\n",
        ("text\n\n" + "— name AAAAAAA=\n" * (MAX_SIGNATURES + 1)).encode(),
        b"x" * 1_000_001,
    ],
)
def test_bad_notes(data: bytes) -> None:
    with pytest.raises(MalformedProof):
        parse_note(data)


@pytest.mark.parametrize("text", ["AA!!AA==", "AAA", "AB==", "AA==\n", "é"])
def test_only_one_spelling_of_base64_is_read(text: str) -> None:
    with pytest.raises(MalformedProof):
        parse_base64(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1_0", " 1", "１", "9" * 30, "11"])
def test_only_plain_decimal_numbers_are_read(text: str) -> None:
    with pytest.raises(MalformedProof):
        parse_decimal(text, 10)


def test_vkeys_with_a_wrong_id_type_or_length_are_refused() -> None:
    good = encode_vkey(key().vkey)
    name, number, coded = good.split("+", 2)
    for bad in (
        good[:-4],
        f"{name}+{'0' * 8}+{coded}",
        f"{name}+{number.upper()}x+{coded}",
        f"x{good}",
        f"{name}+{number}",
        f"a b+{number}+{coded}",
        f"{name}+{number}+Aw==",
    ):
        with pytest.raises(MalformedProof):
            parse_vkey(bad)


def test_key_files_give_the_same_keys_back_and_never_show_in_repr() -> None:
    keys = generate_log_keys(ORIGIN, SeededRandom(b"file"))
    data = encode_key_file(keys)
    assert [k.vkey for k in parse_key_file(data)] == [k.vkey for k in keys]
    assert all(k.seed.hex() not in repr(k) and repr(k.seed) not in repr(k) for k in keys)
    for bad in (
        b"",
        b"{}",
        data.replace(b'"format": 1', b'"format": 2'),
        data.replace(b"ed25519", b"rot13"),
        b'{"format":1,"name":"x","keys":[]}',
        b'{"format":1,"name":"x","keys":[{"algorithm":"ed25519","seed":"AAAA"}]}',
    ):
        with pytest.raises(MalformedProof):
            parse_key_file(bad)
