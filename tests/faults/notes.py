"""What victims noted, and what a ledger must hold after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from indelible.event import decode_fact
from indelible.seal import EVENT
from indelible.server.ledger import LedgerReader
from indelible.verify import verify_folder

TENANT = 1


@dataclass
class Notes:
    """The sum of all notes of one ledger: what was acknowledged, what had no answer."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    unanswered: dict[int, list[str]] = field(default_factory=dict)
    closed: bool = False

    def read(self, path: Path) -> None:
        """Adds the notes of one victim; a last line that was cut off is no note."""
        text = path.read_text() if path.exists() else ""
        for line in text.split("\n")[:-1]:
            kind, number, rest = line.split(" ", 2)
            thread = int(number)
            if kind == "S":
                ids = rest.split(",")
                self.unanswered[thread] = ids
                self.sent.update(ids)
            elif kind == "A":
                ids = self.unanswered.pop(thread)
                for id_, index in zip(ids, map(int, rest.split(",")), strict=True):
                    # A repeated event must have the place that it got first.
                    assert self.acknowledged.setdefault(id_, index) == index
            elif kind == "E":
                self.errors.append(rest)
            else:
                self.closed = True


def stored_ids(data: Path) -> dict[str, int]:
    """The writers' events in the ledger; fails when an id is there twice."""
    reader = LedgerReader(data / "ledger.sqlite3")
    found: dict[str, int] = {}
    size = reader.size(TENANT)
    for start in range(0, size, 4096):
        for entry in reader.read(TENANT, start, start + 4096):
            if entry.leaf_type != EVENT or entry.fact is None:
                continue
            fact = decode_fact(entry.fact)
            if fact.operation == "Write":
                assert fact.id not in found, f"{fact.id} is stored twice"
                found[fact.id] = entry.index
    reader.close()
    return found


def check_ledger(data: Path, notes: Notes) -> int:
    """
    Nothing acknowledged is lost, nothing is doubled, nothing was made up, and all of it verifies.

    Returns the number of events that were compared.
    """
    found = stored_ids(data)
    lost = {id_: index for id_, index in notes.acknowledged.items() if found.get(id_) != index}
    assert not lost, f"{len(lost)} of {len(notes.acknowledged)} acknowledged events: {lost}"
    assert found.keys() <= notes.sent
    check_verifies(data)
    return len(found)


def check_verifies(data: Path) -> None:
    """The independent checker finds nothing to say."""
    report = verify_folder(data)
    assert report.exit_code == 0, report
