"""
Processes that are made to fail: each opens a real ledger, writes, and notes what it was answered.

`python -m tests.faults.victim` imports all that is needed and then forks a victim per request, so
that one costs milliseconds. Requests and answers are lines of JSON. A victim notes each batch
before it is sent and each answer after it came, in a file outside of the ledger: such notes outlive
a kill of the process, since the kernel has them.

    S <thread> <id>,<id>…          this batch is sent now
    A <thread> <index>,<index>…    it was acknowledged
    E <thread> <code>              it was answered with an error
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import sys
import threading
import time
import traceback
import uuid
from pathlib import Path
from typing import Any

from indelible.clock import SystemClock
from indelible.errors import Error
from indelible.server.ids import id_maker
from indelible.server.ingest import Ingest
from indelible.server.ledger import Ledger

PR_SET_PTRACER = 0x59616D61
TENANT = 1
SCOPE = "writer"


def event_of(id_: str) -> dict[str, Any]:
    """An event with all three parts, the same each time it is sent."""
    return {
        "id": id_,
        "operation": "Write",
        "actor": {"id": f"u{id_[:2]}", "email": f"{id_[:2]}@example.com"},
        "reason": f"wrote {id_}",
        "metadata": {"text": id_ * 3},
    }


class Victim:
    """A ledger under load from threads, and the notes of what became of each batch."""

    def __init__(self, notes: Path) -> None:
        self._notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, kind: str, thread: int, text: str) -> None:
        # Not `write`, which is made to fail.
        os.writev(self._notes, [f"{kind} {thread} {text}\n".encode()])

    def send(self, ingest: Ingest, thread: int, ids: list[str]) -> bool:
        """Sends a batch; returns whether it was acknowledged."""
        self.note("S", thread, ",".join(ids))
        try:
            reply = ingest.store(
                TENANT, [json.dumps(event_of(id_)).encode() for id_ in ids], key_id=SCOPE
            )
        except Error as error:
            self.note("E", thread, error.code)
            return False
        if reply.rejected:
            raise ValueError(f"a good event was rejected: {reply.rejected}")
        self.note("A", thread, ",".join(str(receipt.index) for receipt in reply.receipts))
        return True


def open_ledger(data: str) -> tuple[Ledger, Ingest]:
    """The ledger as the service opens it."""
    clock = SystemClock()
    ledger = Ledger.open(Path(data), clock=clock)
    return ledger, Ingest(ledger, id_maker(clock, os.urandom))


def append(data: str, notes: str, batches: list[list[str]]) -> None:
    """Opens, sends batches one after the other, signs, closes."""
    victim = Victim(Path(notes))
    ledger, ingest = open_ledger(data)
    answered = [victim.send(ingest, 0, ids) for ids in batches]
    if all(answered):
        wait_for_checkpoint(ledger)
    # What failed stays refused: nobody may be answered as if nothing had been.
    victim.send(ingest, 1, [str(uuid.UUID(int=len(batches)))])
    ledger.close()
    victim.note("C", 0, "closed")


def load(data: str, notes: str, repeat: list[list[str]], seed: int) -> None:
    """Sends from several threads until it is killed. `repeat` are batches of an earlier life."""
    victim = Victim(Path(notes))
    ledger, ingest = open_ledger(data)

    def work(thread: int, first: list[str]) -> None:
        dice = random.Random(f"{seed} {thread}")
        ids = first
        while True:
            if not ids:
                count = dice.choice([1, 1, 2, 30])
                ids = [str(uuid.UUID(int=dice.getrandbits(128))) for _ in range(count)]
            if victim.send(ingest, thread, ids):
                ids = []
            else:
                time.sleep(0.02)
            if dice.random() < 0.2:
                time.sleep(dice.random() * 0.02)  # lets checkpoints and quiet moments happen

    for thread, first in enumerate(repeat):
        threading.Thread(target=work, args=(thread, first), daemon=True).start()
    threading.Event().wait()
    ledger.close()


def signed_and_more(data: str, notes: str, batches: list[list[str]]) -> None:
    """Sends the first half of the batches, has them signed, sends the others, and waits."""
    victim = Victim(Path(notes))
    ledger, ingest = open_ledger(data)
    half = len(batches) // 2
    for ids in batches[:half]:
        victim.send(ingest, 0, ids)
    wait_for_checkpoint(ledger)
    for ids in batches[half:]:
        victim.send(ingest, 0, ids)
    threading.Event().wait()
    ledger.close()


def wait_for_checkpoint(ledger: Ledger) -> None:
    """Until a checkpoint of all that is stored is signed; not for ever, it may be made to fail."""
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        signed = ledger.reader.latest_checkpoint(TENANT)
        if signed is not None and signed.size == ledger.size(TENANT):
            return
        time.sleep(0.02)


def close(data: str, notes: str) -> None:
    """Opens and closes: recovery and folding of the write-ahead log."""
    victim = Victim(Path(notes))
    ledger, _ = open_ledger(data)
    ledger.close()
    victim.note("C", 0, "closed")


JOBS = {"append": append, "load": load, "signed_and_more": signed_and_more, "close": close}


def be_victim(request: dict[str, Any]) -> None:
    """The life of a forked victim; does not return."""
    status = 1
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        os.close(0)
        # Any process of ours may trace it, where the kernel restricts that to parents.
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        go = request.get("go")
        while go and not Path(go).exists():
            time.sleep(0.002)
        JOBS[request["job"]](**request["arguments"])
        status = 0
    except Error as error:
        print(f"{error.code}: {error.message}", file=sys.stderr, flush=True)
        status = 3
    except BaseException:  # noqa: BLE001 - a child must end here, whatever it was
        traceback.print_exc()
    os._exit(status)


def main() -> None:
    """Forks victims on request until the input ends."""
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if pid == 0:
                be_victim(request)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
