"""`indelible verify` as people run it: exit status, text, JSON, proof files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.sample_ledger import DAY, SampleLedger, SeededRandom, sample_event

from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    commitment,
    encode_extra,
    event_leaf,
    expand_salts,
    seal_run,
)
from indelible.tlog.proof import ProofFile, encode_proof, prove_inclusion
from indelible.tlog.signature import SigningKey, encode_vkey
from indelible.verify.command import verify
from indelible.verify.render import visible


@pytest.fixture
def sample(tmp_path: Path) -> SampleLedger:
    sample = SampleLedger(tmp_path / "data").start()
    sample.add_runs(300)
    sample.sign()
    return sample


def run(*arguments: object) -> Result:
    return CliRunner().invoke(verify, [str(a) for a in arguments], env={"COLUMNS": "200"})


def test_a_whole_ledger(sample: SampleLedger) -> None:
    result = run("--data", sample.data_dir)
    assert result.exit_code == 0
    assert "0-301" in result.stdout
    assert "302 VALID: what is there is what was signed" in result.stdout
    assert "Ed25519" in result.stdout
    assert "--log-key" in result.stdout
    assert not [line for line in result.stdout.splitlines() if line.strip().lower() == "ok"]


def test_a_changed_entry_is_named_in_text_and_json(sample: SampleLedger) -> None:
    sample.db.execute("UPDATE run SET day = day + 3 WHERE first = 258")
    result = run("--data", sample.data_dir)
    assert result.exit_code == 1
    assert "ALTERED" in result.stdout
    assert f"the day of its run was {DAY}, now {DAY + 3}" in result.stdout
    assert "something was changed, removed or broken" in result.stdout
    report = json.loads(run("--data", sample.data_dir, "--json").stdout)
    assert report["exit_code"] == 1
    assert report["tenants"][0]["counts"] == {"VALID": 258, "ALTERED": 44}
    assert report["tenants"][0]["findings"][0]["index"] == 258
    few = json.loads(run("--data", sample.data_dir, "--json", "--findings", 2).stdout)
    assert len(few["tenants"][0]["findings"]) == 2


def test_what_cannot_be_checked_exits_with_two(tmp_path: Path) -> None:
    result = run("--data", tmp_path / "nothing")
    assert result.exit_code == 2
    assert "could not check" in result.stderr
    as_json = run("--data", tmp_path / "nothing", "--json")
    assert json.loads(as_json.stdout)["error"]["code"] == "cannot-check"
    assert run("--data", tmp_path, "--log-key", "nonsense").exit_code == 2
    assert run("--url", "ftp://example.com").exit_code == 2


def test_only_the_tenant_asked_for(sample: SampleLedger) -> None:
    assert run("--data", sample.data_dir, "--tenant", "main").exit_code == 0
    other = run("--data", sample.data_dir, "--tenant", "other")
    assert other.exit_code == 2
    assert "no tenant 'other'" in other.stdout


def test_log_keys_may_come_from_a_file(sample: SampleLedger, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# ours\n" + "".join(f"{encode_vkey(k.vkey)}\n" for k in sample.keys))
    result = run("--data", sample.data_dir, "--log-key", keys)
    assert result.exit_code == 0
    assert "Signing key  as given" in result.stdout


def make_proof(sample: SampleLedger, shown: set[int]) -> bytes:
    """A log of one event, and its proof."""
    event = sample_event(7)
    run_of_one = seal_run([event], DAY, SeededRandom(b"proof"))
    sample.random = SeededRandom(b"proof")
    index = sample.size
    sample.add_run([event])
    note = sample.sign()
    salts = {piece.part: expand_salts(piece.seed, 1) for piece in run_of_one.pieces}
    parts = {FACT: event.fact, PERSON: event.person, CONTENT: event.content}
    sealed = [commitment(p, salts[p], data) for p, data in parts.items() if data is not None]
    leaf = event_leaf(7, event.category_id, DAY, sealed)
    extra = encode_extra(leaf, salts, {p: parts[p] for p in shown})
    hashes = prove_inclusion(index, sample.size, sample._tile)
    return encode_proof(ProofFile(index, hashes, note, extra))


def test_a_proof_file_of_one_event(sample: SampleLedger, tmp_path: Path) -> None:
    file = tmp_path / "event.tlog-proof"
    data = make_proof(sample, {FACT, CONTENT})
    file.write_bytes(data)
    key = encode_vkey(sample.keys[0].vkey)
    result = run(file, "--log-key", key)
    assert result.exit_code == 0
    assert "entry 302, event 00000000-0000-7000-8000-000000000007" in result.stdout
    assert "as shown: fact, content; withheld: person" in result.stdout

    assert run(file).exit_code == 2
    stranger = SigningKey.generate(sample.origin, SeededRandom(b"x")).vkey
    assert run(file, "--log-key", encode_vkey(stranger)).exit_code == 1

    lines = data.split(b"\n")
    assert lines[2] == b"index 302"
    for number, line in enumerate(lines):
        if not line or (line.startswith(b"\xe2\x80\x94") and number == len(lines) - 2):
            continue
        middle = len(line) // 2
        other = b"B" if line[middle : middle + 1] != b"B" else b"C"
        changed = [
            *lines[:number],
            line[:middle] + other + line[middle + 1 :],
            *lines[number + 1 :],
        ]
        file.write_bytes(b"\n".join(changed))
        assert run(file, "--log-key", key).exit_code in (1, 2), line[:40]


def test_hostile_text_is_shown_inert() -> None:
    assert visible("a\x1b[31m\u202eb\n\u200b") == "a\\u001b[31m\\u202eb\\u000a\\u200b"
    assert visible("Ana é 日本") == "Ana é 日本"


def test_help_names_the_exit_status() -> None:
    text = run("--help").stdout
    assert "0 all valid, 1 tampering, 2 could not check" in text
