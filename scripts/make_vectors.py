"""
Makes the golden vectors in spec/vectors/ again: leaves, salts, commitments, a small log.

Everything follows from fixed seeds, so a second run changes nothing; a test compares. Vectors are
for other implementations, too: values are hex, texts are as they are.

    make vectors
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256, shake_256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from indelible.seal import (  # noqa: E402 - the path must be set first
    CONTENT,
    FACT,
    PERSON,
    RECORD,
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
    policy_leaf,
    seal_run,
)
from indelible.tlog.checkpoint import Checkpoint, encode_checkpoint  # noqa: E402
from indelible.tlog.merkle import Frontier, leaf_hash  # noqa: E402
from indelible.tlog.proof import ProofFile, encode_proof, prove_inclusion  # noqa: E402
from indelible.tlog.signature import ED25519, SigningKey, encode_vkey, sign_checkpoint  # noqa: E402
from indelible.tlog.tile import extend_tiles  # noqa: E402

FOLDER = ROOT / "spec" / "vectors"
DAY = 20_780
ORIGIN = "log.example/5f0c"


def seeded(label: str) -> bytes:
    """32 bytes that stand for a random value."""
    return sha256(f"indelible vectors: {label}".encode()).digest()


def leaves() -> dict[str, Any]:
    """One leaf of each type, and what it was made of."""
    policy = sample_policy()
    genesis = sample_genesis()
    salt = seeded("record salt")
    record = commitment(RECORD, salt, b'{"request":"r-1"}')
    commitments = [seeded(name) for name in ("fact", "person", "content")]
    keys = Keys(log_keys=genesis.keys, approver_keys=(), not_before=812, witness_policy=None)
    selection = Selection((16, 18), DAY - 30, DAY, 0, 812)
    made = {
        "event, all parts": event_leaf(7, 20, DAY, commitments),
        "event, fact only": event_leaf(1, 1, DAY, commitments[:1]),
        "erasure": erasure_leaf(PERSON | CONTENT, DAY, first=400, count=3, reason=1, record=record),
        "expiry": expiry_leaf(CONTENT, 19, DAY, cutoff_day=DAY - 365, upto=700, policy_index=1),
        "policy": policy_leaf(policy, DAY),
        "hold, placed in clear": hold_leaf(1, 7, DAY, selection=selection),
        "hold, placed on a committed list": hold_leaf(1, 8, DAY, record=record),
        "hold, released": hold_leaf(2, 7, DAY),
        "keys": keys_leaf(keys, DAY),
        "genesis": genesis_leaf(genesis, DAY),
    }
    return {
        "day": DAY,
        "leaves": {
            name: {"leaf": leaf.hex(), "leaf_hash": leaf_hash(leaf).hex()}
            for name, leaf in made.items()
        },
    }


def salts() -> dict[str, Any]:
    """Salts of a seed, and commitments under them."""
    seed = seeded("seed")
    expanded = expand_salts(seed, 4)
    data = {FACT: b'{"id":"1"}', PERSON: b'{"email":"ana@example.com"}', CONTENT: b"{}"}
    return {
        "seed": seed.hex(),
        "salts": [expanded[32 * k : 32 * k + 32].hex() for k in range(4)],
        "commitments": [
            {
                "tag": tag,
                "salt": expanded[32 * k : 32 * k + 32].hex(),
                "bytes": text.decode(),
                "commitment": commitment(tag, expanded[32 * k : 32 * k + 32], text).hex(),
            }
            for k, (tag, text) in enumerate(data.items())
        ],
    }


def log() -> dict[str, Any]:
    """A log of genesis, policy and a run of 300 events, with its checkpoint and a receipt."""
    key = sample_key()
    events = [sample_event(number) for number in range(300)]
    drawn = iter(range(1000))
    runs = [
        seal_run(events[at : at + 256], DAY, lambda size: draw(next(drawn), size))
        for at in (0, 256)
    ]
    first = [genesis_leaf(sample_genesis(), DAY), policy_leaf(sample_policy(), DAY)]
    hashes = [leaf_hash(leaf) for leaf in first]
    for run in runs:
        hashes += run.leaf_hashes
    frontier = Frontier()
    frontier.append(hashes)
    tiles = extend_tiles(0, hashes, lambda *_: b"")
    checkpoint = Checkpoint(ORIGIN, frontier.size, frontier.root())
    note = sign_checkpoint(checkpoint, [key], 0)
    index = 2 + 41
    return {
        "origin": ORIGIN,
        "vkey": encode_vkey(key.vkey),
        "private_seed": key.seed.hex(),
        "entries": [leaf.hex() for leaf in first],
        "events": [
            {
                "category": event.category_id,
                "fact": event.fact.decode(),
                "person": None if event.person is None else event.person.decode(),
                "content": None if event.content is None else event.content.decode(),
            }
            for event in events[:3]
        ],
        "seeds": [
            {"run": at, "category": p.category_id, "part": p.part, "seed": p.seed.hex()}
            for at, run in enumerate(runs)
            for p in run.pieces
        ],
        "leaf_hashes": [value.hex() for value in hashes[:5]],
        "size": frontier.size,
        "root": frontier.root().hex(),
        "right_edge": frontier.to_bytes().hex(),
        "tiles": {
            f"{level}/{n}": {"width": len(data) // 32, "sha256": sha256(data).hexdigest()}
            for (level, n), data in sorted(tiles.items())
        },
        "checkpoint_text": encode_checkpoint(checkpoint),
        "checkpoint": note.decode(),
        "proof": receipt(events[index - 2], runs[0].pieces, index, frontier.size, tiles, note),
    }


def receipt(
    event: PartedEvent,
    pieces: list[Any],
    index: int,
    size: int,
    tiles: dict[tuple[int, int], bytes],
    note: bytes,
) -> str:
    """A .tlog-proof that shows fact and content, and withholds person."""
    seeds = {p.part: p.seed for p in pieces if p.category_id == event.category_id}
    k = index - 2
    every = {FACT: event.fact, PERSON: event.person, CONTENT: event.content}
    parts = {part: data for part, data in every.items() if data is not None}
    own = {part: expand_salts(seeds[part], k + 1)[32 * k :] for part in parts}
    sealed = [commitment(part, own[part], data) for part, data in parts.items()]
    leaf = event_leaf(sum(parts), event.category_id, DAY, sealed)
    shown = {part: data for part, data in parts.items() if part != PERSON}
    hashes = prove_inclusion(index, size, lambda level, n: tiles[level, n])
    return encode_proof(ProofFile(index, hashes, note, encode_extra(leaf, own, shown))).decode()


def draw(number: int, size: int) -> bytes:
    """The bytes that stand for the operating system's generator."""
    return shake_256(f"indelible vectors: draw {number}".encode()).digest(size)


def sample_key() -> SigningKey:
    return SigningKey(ORIGIN, ED25519, seeded("signing key"))


def sample_genesis() -> Genesis:
    return Genesis(1, ORIGIN, (encode_vkey(sample_key().vkey),))


def sample_policy() -> Policy:
    names = {"audit": 1, "authentication": 16, "configuration": 18, "data": 19, "sharing": 20}
    categories = tuple(Category(id=number, name=name) for name, number in names.items())
    floors = tuple(Floor(category=number, parts=FACT, min_days=90) for number in (1, 16, 18))
    rules = sha256(b"rules").hexdigest()
    return Policy(1, DAY, categories, floors, rules)


def sample_event(number: int) -> PartedEvent:
    category, name = ((19, "data"), (20, "sharing"), (16, "authentication"))[number % 3]
    fact = {"id": f"00000000-0000-7000-8000-{number:012}", "category": name, "operation": "Do"}
    person = {"email": f"user{number % 7}@example.com"}
    content = {"reason": f"ticket {number}"}
    return PartedEvent(
        category,
        compact(fact),
        compact(person) if number % 5 else None,
        compact(content) if number % 2 else None,
    )


def compact(value: dict[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


FILES = {"leaves.json": leaves, "salts.json": salts, "log.json": log}


def encode(value: dict[str, Any]) -> str:
    """The text of a vector file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (FOLDER / name).write_text(encode(make()), encoding="utf-8")
        print(f"spec/vectors/{name}")


if __name__ == "__main__":
    main()
