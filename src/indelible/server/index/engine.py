"""
Opens the engine (chDB through clickhouse-connect) and runs SQL on it.

One engine per process and one client per thread. The engine must never be forked, so this module
is imported only in the index process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from indelible.errors import StorageError

# Codes of the engine that say: the folder's content is damaged. Only a rebuild helps.
DAMAGED: Final = frozenset(
    {
        32,  # ATTEMPT_TO_READ_AFTER_EOF
        33,  # CANNOT_READ_ALL_DATA
        40,  # CHECKSUM_DOESNT_MATCH
        60,  # UNKNOWN_TABLE
        76,  # CANNOT_OPEN_FILE
        81,  # UNKNOWN_DATABASE
        107,  # FILE_DOESNT_EXIST
        117,  # INCORRECT_DATA
        226,  # NO_FILE_IN_DATA_PART
        228,  # BAD_SIZE_OF_FILE_IN_DATA_PART
        231,  # TOO_MANY_UNEXPECTED_DATA_PARTS
        246,  # CORRUPTED_DATA
        271,  # CANNOT_DECOMPRESS
        740,  # POTENTIALLY_BROKEN_DATA_PART
        999,  # NO_DATA_PART and friends of newer engines
    }
)
TOO_SLOW: Final = frozenset({159, 160})
TOO_LARGE: Final = frozenset({241, 396})  # memory, result size
CHUNK_BYTES: Final = 256 * 1024


class EngineError(StorageError):
    """The engine refused a statement. `number` is its own error code, 0 when it gave none."""

    code = "index-error"

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


class Client:
    """One session on the engine, for one thread at a time."""

    def __init__(self, folder: Path, settings: Mapping[str, int], memory_mb: int) -> None:
        try:
            self._client: Any = clickhouse_connect.get_client(
                interface="chdb",
                path=str(folder),
                chdb_options={
                    "max_server_memory_usage": str(memory_mb * 1024 * 1024),
                    "mark_cache_size": str(64 * 1024 * 1024),
                    # Merges can wait; who asks cannot.
                    "os_threads_nice_value_merge_mutate": "10",
                },
            )
            for name, value in settings.items():
                self._client.set_client_setting(name, value)
        except ClickHouseError as cause:
            raise _wrap(cause) from cause

    def run(self, sql: str) -> None:
        """Runs a statement that gives nothing back."""
        try:
            self._client.command(sql)
        except ClickHouseError as cause:
            raise _wrap(cause) from cause

    def insert(self, name: str, columns: Sequence[str], data: bytes, token: str) -> None:
        """
        Inserts an Arrow stream as one block.

        Durable on return. A block whose token the table has seen is dropped.
        """
        try:
            self._client.raw_insert(
                name,
                list(columns),
                data,
                fmt="ArrowStream",
                settings={"insert_deduplication_token": token},
            )
        except ClickHouseError as cause:
            raise _wrap(cause) from cause

    def query(self, sql: str, parameters: Mapping[str, Any]) -> bytes:
        """The result as lines of JSON, one object per row."""
        try:
            result: bytes = self._client.raw_query(
                sql, parameters=dict(parameters), fmt="JSONEachRow"
            )
        except ClickHouseError as cause:
            raise _wrap(cause) from cause
        return result

    def stream(self, sql: str, parameters: Mapping[str, Any], form: str) -> Iterator[bytes]:
        """The result in chunks as the engine makes them; memory stays flat."""
        try:
            with self._client.raw_stream(sql, parameters=dict(parameters), fmt=form) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except ClickHouseError as cause:
            raise _wrap(cause) from cause

    def close(self) -> None:
        """Gives the session back."""
        self._client.close()


def _wrap(cause: ClickHouseError) -> EngineError:
    number = getattr(cause, "code", None)
    first_line = str(cause).splitlines()[0] if str(cause) else "the engine gave no reason"
    return EngineError(first_line[:500], number if isinstance(number, int) else 0)
