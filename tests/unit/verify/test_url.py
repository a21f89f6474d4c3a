"""Checking a service over HTTP: a plain server of tiles and bundles, honest and not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard
from tests.sample_ledger import DAY, SampleLedger

from indelible.errors import MalformedProof
from indelible.seal import commitment, event_leaf, expand_salts
from indelible.tlog.tile import parse_path, width_at
from indelible.verify import CannotCheck, Verdict, verify_url

Answer = tuple[int, bytes]
KEY = "ind_r_test"


class Log:
    """What a service would serve of a sample ledger; `twist` may change any answer."""

    def __init__(self, sample: SampleLedger) -> None:
        self.sample = sample
        self.twist: Callable[[str, bytes], bytes] = lambda _, body: body
        self.drop_partials = False
        self.asked: list[str] = []

    def answer(self, path: str, authorization: str | None) -> Answer:
        self.asked.append(path)
        if authorization != f"Bearer {KEY}":
            return 401, b""
        name = path.removeprefix("/v1/log/")
        if name == "checkpoint":
            return 200, self.twist(name, self.checkpoint())
        try:
            tile = parse_path(name)
        except MalformedProof:
            return 404, b""
        if self.drop_partials and tile.width < 256:
            return 404, b""
        if width_at(tile.level or 0, tile.n, self.sample.size) < tile.width:
            return 404, b""
        if tile.level is None:
            start = 256 * tile.n
            body = b"".join(
                len(leaf).to_bytes(2, "big") + leaf
                for leaf in self.leaves()[start : start + tile.width]
            )
        else:
            body = self.sample._tile(tile.level, tile.n)[: 32 * tile.width]
        return 200, self.twist(name, body)

    def checkpoint(self) -> bytes:
        (note,) = self.sample.db.execute(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
        return str(note).encode()

    def leaves(self) -> list[bytes]:
        """Every leaf, recomputed with no help of the checker."""
        found = dict(self.sample.db.execute("SELECT idx, leaf FROM entry").fetchall())
        inflate = zstandard.ZstdDecompressor().decompress
        for first, count, layout in self.sample.db.execute("SELECT first, count, layout FROM run"):
            raw = inflate(layout)
            pieces = {}
            for category, part, seed, data in self.sample.db.execute(
                "SELECT category, part, seed, data FROM piece WHERE first = ?", (first,)
            ):
                pieces[category, part] = (expand_salts(seed, count), inflate(data))
            taken = dict.fromkeys(pieces, 0)
            for k in range(count):
                parts = raw[3 * k]
                category = int.from_bytes(raw[3 * k + 1 : 3 * k + 3], "big")
                sealed = []
                for part in (1, 2, 4):
                    if parts & part:
                        salts, data = pieces[category, part]
                        at = taken[category, part]
                        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
                        taken[category, part] = end
                        salt = salts[32 * k : 32 * k + 32]
                        sealed.append(commitment(part, salt, data[at + 4 : end]))
                found[first + k] = event_leaf(parts, category, DAY, sealed)
        return [found[index] for index in range(self.sample.size)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    sample = SampleLedger(tmp_path / "data").start()
    sample.add_runs(700, 200)
    sample.sign()
    yield Log(sample)
    sample.db.close()


@pytest.fixture
def url(log: Log) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved/v1/log/checkpoint":
                self.send_response(302)
                self.send_header("Location", "/v1/log/checkpoint")
                self.end_headers()
                return
            status, body = log.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_leaf_is_checked_up_to_the_checkpoint(log: Log, url: str) -> None:
    report = verify_url(url, KEY)
    (tenant,) = report.tenants
    assert report.exit_code == 0
    assert tenant.counts == {"VALID": 702}
    assert tenant.checkpoint is not None
    assert tenant.checkpoint.root == log.sample.frontier.root().hex()
    assert "/v1/log/tile/entries/002.p/190" in log.asked
    assert "/v1/log/tile/1/000.p/2" in log.asked
    assert verify_url(f"{url}/v1/log/", KEY).exit_code == 0


def test_a_partial_tile_may_be_gone_for_the_full_one(log: Log, url: str) -> None:
    """Then the full one is asked for, and its beginning taken."""
    log.drop_partials = True
    log.sample.add_runs(66)
    checkpoint = log.checkpoint()
    log.checkpoint = lambda: checkpoint  # type: ignore[method-assign]
    report = verify_url(url, KEY)
    # Level 1 has no full tile yet, so only that one is missing.
    assert {f.part for f in report.tenants[0].findings} == {"tile 1/0"}


def test_a_lying_service_is_found(log: Log, url: str) -> None:
    def change(name: str, part: str, at: int) -> Callable[[str, bytes], bytes]:
        def twist(path: str, body: bytes) -> bytes:
            if not path.startswith(name):
                return body
            changed = bytearray(body)
            changed[at] ^= 1
            return bytes(changed)

        return twist

    log.twist = change("tile/entries/001", "leaf", 2 + 40)
    report = verify_url(url, KEY)
    assert report.exit_code == 1
    assert [(f.index, f.verdict) for f in report.tenants[0].findings] == [(256, Verdict.ALTERED)]

    log.twist = change("tile/0/001", "tile", 32 * 5)
    assert verify_url(url, KEY).exit_code == 1
    log.twist = change("tile/entries/000", "genesis", 30)
    assert verify_url(url, KEY).exit_code == 1
    log.twist = lambda path, body: body[:50] if path.startswith("tile/entries/001") else body
    report = verify_url(url, KEY)
    assert report.exit_code == 1
    assert report.tenants[0].counts["MISSING"] == 256
    log.twist = lambda path, body: (
        body.replace(b"log.example", b"log.another") if (path == "checkpoint") else body
    )
    assert verify_url(url, KEY).exit_code == 1


def test_the_pin_file_proves_that_the_log_only_grew(log: Log, url: str, tmp_path: Path) -> None:
    pin = tmp_path / "pin.json"
    old = log.checkpoint()
    assert verify_url(url, KEY, pin_file=pin).exit_code == 0
    assert json.loads(pin.read_text())[0]["size"] == 702
    log.sample.add_runs(100)
    log.sample.sign()
    assert verify_url(url, KEY, pin_file=pin).exit_code == 0
    assert json.loads(pin.read_text())[0]["size"] == 802

    log.checkpoint = lambda: old  # type: ignore[method-assign]
    report = verify_url(url, KEY, pin_file=pin)
    assert report.exit_code == 1
    assert [f.verdict for f in report.tenants[0].findings] == [Verdict.ROLLED_BACK]

    pins = json.loads(pin.read_text())
    pins[0] |= {"size": 500, "root": "00" * 32}
    pin.write_text(json.dumps(pins))
    report = verify_url(url, KEY, pin_file=pin)
    assert report.exit_code == 1
    assert "the pin file remembers another root" in report.tenants[0].findings[0].reason
    pin.write_text("nonsense")
    with pytest.raises(CannotCheck, match="pin file"):
        verify_url(url, KEY, pin_file=pin)


def test_a_service_that_cannot_be_read(log: Log, url: str) -> None:
    with pytest.raises(CannotCheck, match="401") as caught:
        verify_url(url, None)
    assert caught.value.hint == "give a reading key with --key"
    with pytest.raises(CannotCheck, match="302"):
        verify_url(f"{url}/moved", KEY)
    with pytest.raises(CannotCheck, match="cannot reach"):
        verify_url("http://127.0.0.1:1", KEY)
    with pytest.raises(CannotCheck, match="not a web address"):
        verify_url("file:///etc/passwd", KEY)
    log.twist = lambda _, body: b"<html>"
    with pytest.raises(CannotCheck, match="does not give a checkpoint"):
        verify_url(url, KEY)
    log.twist = lambda _, body: body * 300
    with pytest.raises(CannotCheck):
        verify_url(url, KEY)
