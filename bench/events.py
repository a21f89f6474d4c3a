"""
Made-up events, the same for the same seed, with the cardinalities of a real product.

Actors follow a Zipf-like law (few people do most), addresses belong to actors, endpoints are
templates with an id inside, half of the events carry changes. Times lie evenly in the 100 days
before `end_us`. Some values are *needles*: each stands in a handful of events spread over the
whole time, so that a search for one is a search for something rare.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

DAYS = 100
MONTH_DAYS = 30  # the last part of it, for searches in "a month"
NEEDLES = 80
EVENTS_PER_NEEDLE = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NOUNS = [
    "Group", "Dashboard", "Workflow", "User", "Role", "SharingProfile", "Report", "Vehicle",
    "Geofence", "Alert", "Schedule", "Device", "Invoice", "ApiKey", "Webhook",
]  # fmt: skip
_VERBS = [("Create", "POST"), ("Update", "PUT"), ("Delete", "DELETE"), ("View", "GET")]
_FIRST = ["ana", "ben", "chi", "dora", "emil", "fay", "gus", "hana", "ivo", "june", "kai", "lena"]
_LAST = ["adler", "brook", "costa", "dunn", "engel", "fox", "grant", "hale", "ito", "jonas", "kerr"]
_JOBS = ["NightlyRollup", "SyncTelematics", "SendDigest", "RebuildTiles", "ImportFuelCards"]
_SYSTEM = ["SessionExpired", "TokenRotated", "LicenceChecked", "RetentionSwept", "BackupFinished"]
_FIELDS = ["name", "visibility", "owner", "threshold", "timezone", "enabled", "colour", "email"]
_STATUS = [200] * 80 + [201] * 8 + [204] * 4 + [400, 401, 403, 403, 404, 409, 422, 500]


@dataclass(frozen=True)
class _Person:
    id: str
    email: str
    name: str
    ips: tuple[str, ...]
    agent: str


def needle(number: int) -> str:
    """The rare word with this number. Words are unlike each other, and unlike anything else."""
    return f"quokka{random.Random(number).getrandbits(40):010x}"


def _people(dice: random.Random, count: int) -> list[_Person]:
    people = []
    for number in range(count):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        ips = tuple(
            f"{dice.choice((81, 92, 185, 203))}.{dice.randrange(256)}.{dice.randrange(256)}"
            f".{dice.randrange(1, 255)}"
            for _ in range(dice.randrange(1, 5))
        )
        agent = f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{dice.randrange(90, 140)}.0.0.0"
        people.append(
            _Person(
                id=f"u_{number}",
                email=f"{first}.{last}{number}@customer{number % 40}.example",
                name=f"{first.title()} {last.title()}",
                ips=ips,
                agent=agent,
            )
        )
    return people


def make_events(count: int, *, end_us: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yields events as the API takes them, oldest first."""
    dice = random.Random(seed)
    people = _people(dice, 5_000)
    start = _EPOCH + timedelta(microseconds=end_us) - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / count
    planted = {
        spot: number % NEEDLES
        for number, spot in enumerate(
            dice.sample(range(count), min(count, NEEDLES * EVENTS_PER_NEEDLE))
        )
    }
    for position in range(count):
        when = start + step * position
        person = people[int(len(people) * dice.random() ** 3)]
        share = dice.random()
        if share < 0.82 or position in planted:
            event = _by_person(dice, person)
        elif share < 0.92:
            event = _by_system(dice)
        else:
            event = _by_task(dice)
        digits = f"{dice.getrandbits(128):032x}"
        event["id"] = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        event["occurred_at"] = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if position in planted:
            event["targets"] = [
                {"type": "profile", "id": f"p_{position}", "name": needle(planted[position])}
            ]
        yield event


def _by_person(dice: random.Random, person: _Person) -> dict[str, Any]:
    noun = dice.choice(_NOUNS)
    verb, method = dice.choice(_VERBS)
    target = dice.randrange(20_000)
    path = f"/{noun.lower()}s/v3" + ("" if verb == "Create" else f"/{target}")
    event: dict[str, Any] = {
        "stream": "user",
        "operation": verb + noun,
        "method": method,
        "endpoint": path,
        "status": dice.choice(_STATUS),
        "actor": {"kind": "user", "id": person.id, "email": person.email, "name": person.name},
        "origin": {"ip": dice.choice(person.ips), "user_agent": person.agent},
        "targets": [{"type": noun.lower(), "id": f"{noun[0].lower()}_{target}",
                     "name": f"{noun} {target % 900}"}],
        "context": {"request_id": f"{dice.getrandbits(64):016x}", "source": "fleet-web",
                    "source_version": "3.1"},
    }  # fmt: skip
    if verb == "Update":
        field = dice.choice(_FIELDS)
        event["changes"] = [
            {"path": field, "before": f"{field} {dice.randrange(50)}",
             "after": f"{field} {dice.randrange(50)}"}
        ]  # fmt: skip
    return event


def _by_system(dice: random.Random) -> dict[str, Any]:
    name = dice.choice(_SYSTEM)
    return {
        "stream": "system",
        "operation": name,
        "method": name,
        "endpoint": f"/internal/{name.lower()}",
        "actor": {"kind": "system", "id": "scheduler"},
        "context": {"source": "fleet-core", "source_version": "3.1"},
    }


def _by_task(dice: random.Random) -> dict[str, Any]:
    name = dice.choice(_JOBS)
    run = f"j_{dice.getrandbits(48):012x}"
    return {
        "stream": "task",
        "operation": name,
        "method": "JobFinished",
        "endpoint": f"/jobs/{name.lower()}",
        "outcome": "failure" if dice.random() < 0.03 else "success",
        "actor": {"kind": "task", "id": name},
        "job": {"id": run, "attempt": 1, "state": "succeeded", "queue": "nightly",
                "duration_ms": dice.randrange(9_000)},
        "context": {"source": "fleet-worker", "source_version": "3.1"},
    }  # fmt: skip


def encode_batches(count: int, size: int, *, end_us: int, seed: int = 7) -> Iterator[bytes]:
    """Yields request bodies: JSON arrays of `size` events (the last may hold fewer)."""
    encoder = msgspec.json.Encoder()
    batch: list[dict[str, Any]] = []
    for event in make_events(count, end_us=end_us, seed=seed):
        batch.append(event)
        if len(batch) == size:
            yield encoder.encode(batch)
            batch.clear()
    if batch:
        yield encoder.encode(batch)
