"""
Fills Indelible with fleet's last 30 days, through the SDK, with past times.

    python examples/fleet/seed.py --url http://127.0.0.1:8080 --key ind_w_… --data var/demo/fleet

`seed.json` in the data folder says what was told up to when. It is written before sending, and
ids, times and numbers follow from it: a run that was broken off is sent again as it was, so
nothing is stored twice. A later run tells only the days since.
"""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    _EXAMPLES = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(_EXAMPLES), str(_EXAMPLES.parent / "src")]

import msgspec

from fleet.story import Told, tell_day, tell_lately
from indelible import Indelible
from indelible.client import Pace

DAYS = 30
_AGAIN_AFTER = timedelta(hours=12)


class Plan(msgspec.Struct):
    """What is told: all between `since` and `until`; `done` once the service has it."""

    folder: str
    since: datetime
    until: datetime
    done: bool = False


def read_plan(path: Path, now: datetime) -> Plan | None:
    """The plan to follow; None when what is there is told and recent. Writes a new one."""
    plan = None
    if path.exists():
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
        if plan.done and now - plan.until < _AGAIN_AFTER:
            return None
    if plan is None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        plan = Plan(str(uuid.uuid4()), midnight - timedelta(days=DAYS - 1), now)
    elif plan.done:
        plan = Plan(plan.folder, plan.until, now)
    write_plan(path, plan)
    return plan


def write_plan(path: Path, plan: Plan) -> None:
    """Replaces the file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(plan))
    new.replace(path)


def tell(plan: Plan) -> list[Told]:
    """All events of the plan in order, with their ids."""
    told: list[Told] = []
    day = plan.since.date()
    while day <= plan.until.date():
        told += tell_day(plan.folder, day)
        day += timedelta(days=1)
    told = [item for item in told if plan.since < item[0] <= plan.until]
    told += tell_lately(plan.folder, plan.until)
    told.sort(key=lambda item: item[0])
    folder = uuid.UUID(plan.folder)
    return [
        (
            moment,
            operation,
            {**fields, "id": str(uuid.uuid5(folder, f"{plan.until.isoformat()}/{number}"))},
        )
        for number, (moment, operation, fields) in enumerate(told)
    ]


def seed(url: str, key: str, data: Path, now: datetime, timeout_s: float = 60.0) -> int:
    """Tells what has not been told; returns how many events that were."""
    path = data / "seed.json"
    plan = read_plan(path, now)
    if plan is None:
        return 0
    told = tell(plan)
    audit = Indelible(
        url,
        key,
        source="fleet-web",
        source_version="3.1",
        # A fixed name: numbers are counted per instance, and must be the same when sent again.
        instance=f"history-{plan.until:%Y%m%dT%H%M%S}",
        on_full="block",
        pace=Pace(linger_s=0.0),
    )
    for moment, operation, fields in told:
        given: dict[str, Any] = {name: item for name, item in fields.items() if item is not None}
        audit.record(operation, occurred_at=moment, **given)
    if not audit.flush(timeout_s):
        raise SystemExit(f"fleet: the history was not taken: {audit.health().last_error}")
    audit.close()
    plan.done = True
    write_plan(path, plan)
    return len(told)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fleet.seed", description="History for the sample.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default=os.environ.get("FLEET_AUDIT_KEY"))
    parser.add_argument("--data", type=Path, default=Path("var/fleet"))
    given = parser.parse_args(arguments)
    if not given.key:
        parser.error("give a write key with --key or in FLEET_AUDIT_KEY")
    count = seed(given.url, given.key, given.data, datetime.now(UTC))
    sys.stdout.write(f"{count} events of the last {DAYS} days\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
