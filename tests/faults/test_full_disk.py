"""A disk without space: refused with a clear code, nothing lost, well again without a restart."""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.conftest import RunningService, init_folder, run_command

from indelible.clock import SystemClock
from indelible.errors import StorageError
from indelible.server.ids import id_maker
from indelible.server.ingest import Ingest
from indelible.server.ledger import Ledger

from .conftest import make_data, mounted, wait_until
from .counts import count
from .notes import TENANT, Notes, check_ledger

pytestmark = pytest.mark.timeout(900)
Record = Callable[[str, object], None]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    # What the ledger stores in the last bytes stays there, round after round.
    size = f"size={16 + count('full disks') // 4}m"
    with mounted("none", tmp_path / "small", "-t", "tmpfs", "-o", size) as folder:
        yield folder


def fill(path: Path, leave: int) -> None:
    """Takes the space of the disk, but for some bytes."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    os.truncate(path, max(0, path.stat().st_size - leave))


def test_the_ledger_refuses_and_goes_on_when_there_is_space(
    small_disk: Path, record_property: Record
) -> None:
    data = make_data(small_disk / "data")
    clock = SystemClock()
    ledger = Ledger.open(data, clock=clock)
    ingest = Ingest(ledger, id_maker(clock, os.urandom))
    notes = Notes()
    dice = random.Random(3)
    ballast = small_disk / "ballast"
    refused = 0

    def send(size: int) -> None:
        event_id = str(uuid.UUID(int=dice.getrandbits(128)))
        notes.sent.add(event_id)
        event = {"id": event_id, "operation": "Write", "reason": dice.randbytes(size).hex()}
        reply = ingest.store(TENANT, [json.dumps(event).encode()], key_id="k")
        notes.acknowledged[event_id] = reply.receipts[0].index

    for _ in range(count("full disks")):
        send(50)
        # From no space at all to space for a part of a commit.
        fill(ballast, dice.choice([0, 0, 1, 3, 8, 20]) * 4096)
        with pytest.raises(StorageError) as caught:
            _forever(lambda: send(2_000))
        assert caught.value.code == "disk-full"
        refused += 1
        assert not ledger.failed
        ballast.unlink()
        send(50)
    wait_until(lambda: _signed(ledger))
    ledger.close()
    check_ledger(data, notes)
    record_property("full disks", refused)
    record_property("acknowledged events compared", len(notes.acknowledged))


def _forever(work: Callable[[], None]) -> None:
    while True:
        work()


def _signed(ledger: Ledger) -> bool:
    found = ledger.reader.latest_checkpoint(TENANT)
    return found is not None and found.size == ledger.size(TENANT)


def test_the_service_says_so_and_is_well_again_by_itself(
    tmp_path: Path, start_service: Callable[..., RunningService]
) -> None:
    with mounted("none", tmp_path / "disk", "-t", "tmpfs", "-o", "size=96m") as disk:
        data = disk / "data"
        init_folder(data)
        service = start_service(data)
        event = {"operation": "Write", "reason": "x" * 4000}
        sent = [{**event, "id": str(uuid.UUID(int=n))} for n in range(1, 6)]
        kept = [receipt["index"] for receipt in service.send(*sent)["receipts"]]
        service.settle()
        ballast = disk / "ballast"
        fill(ballast, 0)
        wait_until(lambda: _refused(service))
        reply = service.request("POST", "/v1/events", key=service.key("w"), json=event)
        assert reply.status == 503
        assert reply.code == "disk-full"
        assert "free space" in reply.json["hint"]
        # What is there can still be read, as evidence too.
        assert service.request("GET", "/v1/status", key=service.key("r")).status == 200
        ballast.unlink()
        again = service.send(*sent)
        assert [receipt["index"] for receipt in again["receipts"]] == kept
        assert again["duplicates"] == 5
        service.send({**event, "id": str(uuid.UUID(int=6))})
        service.settle()
        assert service.process.poll() is None
        run_command("verify", "--data", str(data))
        assert service.stop() == 0


def _refused(service: RunningService) -> bool:
    event = {"operation": "Write", "reason": "x" * 4000}
    return service.request("POST", "/v1/events", key=service.key("w"), json=event).status == 503
