"""
Counts of what does not change any more: the values of each block of entries, counted once.

A count over all of the log would look at every row each time. Here each block of entries, once it
is wholly in the index, is counted by value, day and outcome in `counts`, and without values by
quarter of an hour in `quarters`; a question then adds these numbers to those of the entries after
the last block, and is as exact as a scan. `pairs` has when an actor first had a value, which tells
what is new for it. All of it is disposable: whenever values may have left the index, it is dropped
and counted again.

`rolled` names the blocks that are complete, and the attempt that made each: what an attempt that
was cut off has left behind is never read. Blocks follow each other from entry 0 without a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from indelible.clock import US_PER_DAY, Clock
from indelible.errors import StorageError

if TYPE_CHECKING:
    # The service reads the names here, and must not load the engine.
    from indelible.server.index.engine import Client

BLOCK_ENTRIES: Final = 262_144
VERSION: Final = "2"
"""Of the tables and of what is counted in them. Another one drops them and counts anew."""

ACTOR: Final = (
    "if(actor_email = '', if(actor_name = '', toString(actor_id), toString(actor_name)), "
    "toString(actor_email))"
)
PEOPLE: Final = "kind IN ('user', 'service', 'api_key', 'external')"
MACHINE: Final = "machine"
# Name of what is counted → expression over a row; "" stands for no value. Not ids of requests and
# the like, of which nearly every event has its own.
ROLLED: Final = {
    "category": "category",
    "operation": "operation",
    "outcome": "outcome",
    "method": "method",
    "endpoint": "endpoint",
    "status": "if(status < 0, '', toString(status))",
    "severity": "severity",
    "source": "source",
    "kind": "kind",
    "actor": ACTOR,
    # No field of the language: what is left of the actors when these are taken away are people.
    MACHINE: f"if({PEOPLE}, '', {ACTOR})",
    "ip": "ip",
    "device": "device_id",
    "agent": "user_agent",
    "behalf": "behalf",
    "state": "job_state",
    "queue": "queue",
    "worker": "worker",
    # An event counts once for each of its types and paths, or once without one.
    "target_type": "arrayJoin(if(empty(target_types), [''], arrayDistinct(target_types)))",
    "change": "arrayJoin(if(empty(change_paths), [''], arrayDistinct(change_paths)))",
}
OUTCOMES: Final = ("success", "failure", "denied", "unknown")
OWN: Final = "(source = 'indelible' AND reported_by = 'service')"
COUNTS: Final = "count() AS n, " + ", ".join(
    f"countIf(outcome = '{one}') AS {one}" for one in OUTCOMES
)
TIMES: Final = "min(occurred_us) AS first_us, max(occurred_us) AS last_us"
QUARTER_US: Final = 900_000_000
"""A quarter of an hour: the edges of all bars and days are at one, in every zone of today."""


def _floor(width_us: int) -> str:
    # Before 1970 too; whole numbers, since others are not exact in the far future.
    return (
        f"intDiv(occurred_us, {width_us}) - "
        f"(occurred_us < 0 AND modulo(occurred_us, {width_us}) != 0)"
    )


DAY: Final = f"toInt32({_floor(US_PER_DAY)})"
QUARTER: Final = f"toInt64({_floor(QUARTER_US)})"
# What can be new for an actor: column of `events`, which is also its name here.
PAIRED: Final = ("ip", "device_id", "user_agent", "operation")
NAMES: Final = "actor_email, actor_name, actor_id"

_DURABLE: Final = "fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 2"
_NUMBERS: Final = ", ".join(f"{one} UInt64 CODEC(ZSTD(1))" for one in ("n", *OUTCOMES))
# First what says that the others may be read.
TABLES: Final = ("rolled", "counts", "quarters", "pairs")
CREATE: Final = (
    f"""
CREATE TABLE IF NOT EXISTS counts (
    tenant UInt32,
    col LowCardinality(String),
    stream LowCardinality(String),
    own UInt8,
    day Int32,
    value String CODEC(ZSTD(1)),
    stop UInt64,
    attempt UInt64,
    {_NUMBERS},
    first_us Int64 CODEC(ZSTD(1)),
    last_us Int64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (tenant, col, stream, own, day, value)
SETTINGS {_DURABLE}
""",
    f"""
CREATE TABLE IF NOT EXISTS quarters (
    tenant UInt32,
    stream LowCardinality(String),
    own UInt8,
    quarter Int64 CODEC(DoubleDelta, ZSTD(1)),
    stop UInt64,
    attempt UInt64,
    {_NUMBERS}
)
ENGINE = MergeTree
ORDER BY (tenant, stream, own, quarter)
SETTINGS {_DURABLE}
""",
    f"""
CREATE TABLE IF NOT EXISTS pairs (
    tenant UInt32,
    col LowCardinality(String),
    value LowCardinality(String),
    actor_email LowCardinality(String),
    actor_name LowCardinality(String),
    actor_id LowCardinality(String),
    first_us SimpleAggregateFunction(min, Int64)
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, col, value, actor_email, actor_name, actor_id)
SETTINGS {_DURABLE}
""",
    f"""
CREATE TABLE IF NOT EXISTS rolled (tenant UInt32, stop UInt64, attempt UInt64)
ENGINE = MergeTree
ORDER BY (tenant, stop)
SETTINGS {_DURABLE}
COMMENT '{VERSION}'
""",
)


class _Stop(msgspec.Struct):
    stop: int


class _Comment(msgspec.Struct):
    comment: str


class Rollup:
    """Counts blocks. Used by the follower's thread only, which owns the tables."""

    def __init__(self, client: Client, clock: Clock, block_entries: int = BLOCK_ENTRIES) -> None:
        self._client = client
        self._clock = clock
        self._block = block_entries
        self._stops: dict[int, int] = {}  # tenant → where the last complete block ends
        self._refused = False

    def create(self) -> None:
        """Makes the tables where they are missing, and anew when they are of another version."""
        found = self._client.query(
            "SELECT comment FROM system.tables "
            "WHERE database = currentDatabase() AND name = 'rolled'",
            {},
        )
        if found and msgspec.json.decode(found, type=_Comment).comment != VERSION:
            for name in TABLES:
                self._client.run(f"DROP TABLE IF EXISTS {name} SYNC")
        for statement in CREATE:
            self._client.run(statement)

    def forget(self) -> None:
        """Drops all counts. Call when values may have left the index, or rows may be others."""
        self._stops.clear()
        for name in TABLES:
            self._client.run(f"TRUNCATE TABLE IF EXISTS {name} SYNC")

    def forget_tenant(self, tenant_id: int) -> None:
        """Drops from memory what is known of a tenant that has left."""
        self._stops.pop(tenant_id, None)

    def step(self, tenant_id: int, through: int) -> bool:
        """
        Counts the next block, if the index has all of it. Whether there was one.

        When the engine refuses (memory, disk), questions look at the rows as they would without;
        following goes on, and the next start of the process tries again.
        """
        if self._refused:
            return False
        try:
            return self._step(tenant_id, through)
        except StorageError:
            self._refused = True
            return False

    def counted_through(self, tenant_id: int) -> int:
        """Where the last block ends, as far as this process has looked."""
        return self._stops.get(tenant_id, 0)

    def _step(self, tenant_id: int, through: int) -> bool:
        start = self._stops.get(tenant_id)
        if start is None:
            start = self._read_stop(tenant_id)
            self._stops[tenant_id] = start
        stop = start + self._block
        if stop > through:
            return False
        attempt = self._clock.now_us()
        where = f"tenant = {int(tenant_id)} AND idx >= {start} AND idx < {stop}"
        self._client.run(_count(where, stop, attempt))
        self._client.run(_count_quarters(where, stop, attempt))
        self._client.run(_pair(where))
        self._client.run(f"INSERT INTO rolled VALUES ({int(tenant_id)}, {stop}, {attempt})")
        self._stops[tenant_id] = stop
        return True

    def _read_stop(self, tenant_id: int) -> int:
        found = self._client.query(
            "SELECT max(stop) AS stop FROM rolled WHERE tenant = {tenant:UInt32}",
            {"tenant": tenant_id},
        )
        return msgspec.json.decode(found, type=_Stop).stop


def _count(where: str, stop: int, attempt: int) -> str:
    each = " UNION ALL ".join(
        f"SELECT tenant, '{name}' AS col, stream, {OWN} AS own, "
        f"{DAY} AS day, toString({value}) AS value, "
        f"{stop} AS stop, {attempt} AS attempt, {COUNTS}, {TIMES} FROM events WHERE {where} "
        "GROUP BY tenant, stream, own, day, value"
        for name, value in ROLLED.items()
    )
    columns = (
        f"tenant, col, stream, own, day, value, stop, attempt, n, {', '.join(OUTCOMES)}, "
        "first_us, last_us"
    )
    return f"INSERT INTO counts ({columns}) SELECT {columns} FROM ({each}) SETTINGS max_threads = 1"


def _count_quarters(where: str, stop: int, attempt: int) -> str:
    columns = f"tenant, stream, own, quarter, stop, attempt, n, {', '.join(OUTCOMES)}"
    return (
        f"INSERT INTO quarters ({columns}) SELECT tenant, stream, {OWN} AS own, "
        f"{QUARTER} AS quarter, {stop} AS stop, {attempt} AS attempt, {COUNTS} FROM events "
        f"WHERE {where} GROUP BY tenant, stream, own, quarter SETTINGS max_threads = 1"
    )


def _pair(where: str) -> str:
    each = " UNION ALL ".join(
        f"SELECT tenant, '{column}' AS col, {column} AS value, {NAMES}, "
        f"min(occurred_us) AS first_us FROM events WHERE {where} AND {column} != '' "
        f"GROUP BY tenant, value, {NAMES}"
        for column in PAIRED
    )
    return (
        f"INSERT INTO pairs (tenant, col, value, {NAMES}, first_us) "
        f"SELECT tenant, col, value, {NAMES}, first_us FROM ({each}) SETTINGS max_threads = 1"
    )
