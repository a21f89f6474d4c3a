"""
The tables of the search index and the settings they need, in one place.

`events` has one row per event, ordered by (tenant, time of the event, entry index) and partitioned
by month of receipt, so that one batch never touches many partitions. `known` has each distinct
value of a searchable column, folded, with its days, and is what a search asks first; `vals` has the
number of its events. All are disposable: the ledger is the truth. A change here needs a new
SCHEMA_VERSION, which makes every index rebuild itself.
"""

from __future__ import annotations

from typing import Final

from indelible.server.index import folding
from indelible.server.index.folding import FOLD_VERSION

SCHEMA_VERSION: Final = 7
INDEX_VERSION: Final = f"{SCHEMA_VERSION} {FOLD_VERSION}"

NO_STATUS: Final = -1
"""What `status` holds for an event without one (shown N/A)."""
NO_NUMBER: Final = -1
"""The same for `attempt` and `duration_ms`."""
NUMBERS: Final = ("attempt", "duration_ms")

# Columns with few distinct values. Those in VALUE_COLUMNS are searched by way of the values table.
FEW: Final = (
    "stream",
    "category",
    "operation",
    "outcome",
    "severity",
    "kind",
    "reported_by",
    "method",
    "endpoint",
    "actor_id",
    "actor_email",
    "actor_name",
    "behalf",
    "ip",
    "device_id",
    "user_agent",
    "source",
    "job_state",
    "queue",
    "worker",
    "gone",
)
# Columns with many distinct values, kept as sent and scanned.
MANY: Final = (
    "endpoint_sent",
    "request_id",
    "session_id",
    "trace_id",
    "job_id",
    "job_root",
    "job_parent",
    "changes",
    "text",
    "content",
    "rest",
)
# Lists of texts: one item per target, or per change.
LISTS: Final = ("target_types", "target_ids", "change_paths")
COLUMNS: Final = (
    "tenant",
    "idx",
    "occurred_us",
    "received_us",
    "id",
    "leaf_hash",
    "status",
    "flags",
    "sealed",
    "attempt",
    "duration_ms",
    *FEW,
    *MANY,
    *LISTS,
)

VALUE_COLUMNS: Final = (
    "category",
    "operation",
    "outcome",
    "severity",
    "kind",
    "method",
    "endpoint",
    "actor_id",
    "actor_email",
    "actor_name",
    "ip",
    "device_id",
    "user_agent",
    "source",
    "job_state",
    "queue",
    "worker",
    "status",
    "target_types",
    "change_paths",
)
# Scanned by a free-text search besides `text`: as sent, and never longer than an id. A value that
# folds to something else also stands in `text`, so a folded needle finds it there.
ID_COLUMNS: Final = ("request_id", "session_id", "trace_id", "job_id")
# Which letters such a column has, kept in `known`, tells in which of them a needle can be at all:
# those of hexadecimal numbers and dashes, these and a few others named behind the sign, or any.
HEX: Final = "hex"
AND_OTHERS: Final = "hex+"
ANY: Final = "any"
HEX_LETTERS: Final = frozenset("0123456789abcdef-")

# `sealed` has the bits of the parts that the event had; `gone` says what took which away:
# `person expired 9100; content erased 9200`, empty as long as all is there.

# Bits of `flags`.
HAS_ORIGIN: Final = 1
HAS_CONTEXT: Final = 2
HAS_JOB: Final = 4
UNREADABLE: Final = 8
NO_FACT: Final = 16
NO_PERSON: Final = 32
NO_CONTENT: Final = 64
# Set by `seen.py` in what it shows, never stored.
MASKED_PERSON: Final = 128
MASKED_CONTENT: Final = 256

_DURABLE = (
    "fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, "
    "min_compressed_bytes_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, "
    # What was removed is gone for good only when the files before the change are deleted.
    "old_parts_lifetime = 2, cleanup_delay_period = 3, cleanup_delay_period_random_add = 1, "
    "max_cleanup_delay_period = 6"
)

# A text in one of these lists that an event holds whole is found by this index, without a scan: the
# pieces of `text`, and the ids that fold to themselves, each behind the mark of its field.
TOKENS: Final = (
    f"arrayConcat(splitByChar('{folding.BREAK}', text), [concat('{folding.REQUEST}', request_id), "
    f"concat('{folding.SESSION}', session_id), concat('{folding.TRACE}', trace_id), "
    f"concat('{folding.JOB}', job_id)])"
)

# Which runs of four letters the texts of a block of rows have, in 8 KiB: a byte an event. A word
# that none of them has is so rarely taken to be there that a search reads few blocks.
GRAM: Final = 4

_EVENTS = f"""
CREATE TABLE IF NOT EXISTS events (
    tenant UInt32,
    idx UInt64 CODEC(DoubleDelta, ZSTD(1)),
    occurred_us Int64 CODEC(DoubleDelta, ZSTD(1)),
    received_us Int64 CODEC(DoubleDelta, ZSTD(1)),
    id UUID CODEC(ZSTD(1)),
    leaf_hash FixedString(32) CODEC(NONE),
    status Int16 CODEC(ZSTD(1)),
    flags UInt8 CODEC(ZSTD(1)),
    sealed UInt8 CODEC(ZSTD(1)),
    attempt Int64 DEFAULT {NO_NUMBER} CODEC(ZSTD(1)),
    duration_ms Int64 DEFAULT {NO_NUMBER} CODEC(ZSTD(1)),
    {", ".join(f"{name} LowCardinality(String) CODEC(ZSTD(1))" for name in FEW)},
    {", ".join(f"{name} String CODEC(ZSTD(3))" for name in MANY)},
    target_types Array(LowCardinality(String)) CODEC(ZSTD(1)),
    target_ids Array(String) CODEC(ZSTD(3)),
    change_paths Array(LowCardinality(String)) CODEC(ZSTD(1)),
    INDEX by_index idx TYPE minmax GRANULARITY 1,
    INDEX by_id id TYPE bloom_filter(0.025) GRANULARITY 1,
    INDEX by_token {TOKENS} TYPE bloom_filter(0.025) GRANULARITY 1,
    INDEX by_gram text TYPE ngrambf_v1({GRAM}, 8192, 2, 0) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(received_us, 'UTC'))
ORDER BY (tenant, occurred_us, idx)
SETTINGS {_DURABLE}
"""

_VALUES = f"""
CREATE TABLE IF NOT EXISTS vals (
    tenant UInt32,
    col LowCardinality(String),
    value String CODEC(ZSTD(1)),
    count UInt64 CODEC(ZSTD(1))
)
ENGINE = SummingMergeTree(count)
ORDER BY (tenant, col, value)
SETTINGS {_DURABLE}
"""

# A value is written here before a row has it; written twice, it is the same. `first_day` is exact.
# `last_day` is the day on which the value was last seen, or up to a week later: so a value of every
# day is written once in eight days, and a search of a range asks for few too many.
_KNOWN = f"""
CREATE TABLE IF NOT EXISTS known (
    tenant UInt32,
    col LowCardinality(String),
    value String CODEC(ZSTD(1)),
    folded SimpleAggregateFunction(any, String) CODEC(ZSTD(1)),
    first_day SimpleAggregateFunction(min, Int32),
    last_day SimpleAggregateFunction(max, Int32)
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, col, value)
SETTINGS {_DURABLE}
"""

CREATE: Final = (_EVENTS, _VALUES, _KNOWN)
# Emptied, not dropped: a question that comes meanwhile finds nothing, but does not fail.
EMPTY: Final = (
    "TRUNCATE TABLE events SYNC",
    "TRUNCATE TABLE vals SYNC",
    "TRUNCATE TABLE known SYNC",
)

# Session settings. The condition cache has given wrong rows across users; asynchronous inserts
# would be acknowledged before they are written.
ALWAYS: Final = {
    "async_insert": 0,
    "use_query_condition_cache": 0,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_csv_crlf_end_of_line": 1,
    "max_partitions_per_insert_block": 0,
}
# `readonly` is set last: after it no setting can be changed, and file(), url() and writes fail.
QUERY: Final = {
    **ALWAYS,
    "max_execution_time": 60,
    # The columns are small: without this one thread reads them all.
    "merge_tree_min_bytes_for_concurrent_read": 4 * 1024 * 1024,
    "max_result_bytes": 256 * 1024 * 1024,
    "readonly": 1,
}
# A stream lives as long as its reader takes, so it has no limit of time or size.
STREAM: Final = {**ALWAYS, "max_threads": 1, "max_block_size": 8192, "readonly": 1}
