"""A real ledger in a temporary folder, with a clock that stands still until it is moved."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import FixedClock
from indelible.event import complete, parse_event
from indelible.server.ledger import Incoming, Ledger, Stored, key_of

NOW_US = 1_795_000_000_000_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_US)


@pytest.fixture
def data_dir(tmp_path: Path, clock: FixedClock) -> Path:
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    return tmp_path


@pytest.fixture
def ledger(data_dir: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(data_dir, clock=clock)
    yield opened
    opened.close()


Append = Callable[..., Stored]


@pytest.fixture
def append(ledger: Ledger) -> Append:
    """Stores events given as dicts and returns the answer."""

    def store(*events: dict[str, Any], scope: str = "k") -> Stored:
        return append_to(ledger, *events, scope=scope)

    return store


def append_to(
    ledger: Ledger, *events: dict[str, Any], scope: str = "k", tenant_id: int = 1
) -> Stored:
    received_us = ledger.clock.now_us()
    items = []
    for value in events:
        sent = parse_event(json.dumps(value).encode())
        event = complete(
            sent, received_us=received_us, reported_by="client", new_id=lambda: str(uuid.uuid4())
        )
        key = None if sent.id is None else key_of(scope, event.id)
        items.append(Incoming(event.id, ledger.part(tenant_id, event), key, sent))
    return ledger.append_and_wait(tenant_id, items, received_us=received_us, scope=scope)


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.UUID(int=number + 1)), "operation": f"Operation{number}", **more}
