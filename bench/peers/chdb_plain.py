"""chDB as it comes: one MergeTree, batches of 10,000, no fsync, substrings by scanning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import clickhouse_connect

from bench.peers.run import COLUMNS, Row

JOIN_BODIES = 20
SEARCHED = ("email", "ip", "method", "endpoint", "operation", "target")


class PlainChdb:
    note = "MergeTree, 10,000 a batch, default settings: nothing is flushed to disk on insert"

    def __init__(self, folder: Path) -> None:
        self._client: Any = clickhouse_connect.get_client(interface="chdb", path=str(folder))
        types = {"occurred_us": "Int64", "status": "UInt16"}
        columns = ", ".join(f"{name} {types.get(name, 'String')}" for name in COLUMNS)
        self._client.command(
            f"CREATE TABLE event ({columns}) ENGINE = MergeTree ORDER BY (stream, occurred_us)"
        )

    def insert(self, rows: list[Row]) -> None:
        self._client.insert("event", rows, column_names=COLUMNS)

    def finish(self) -> None:
        self._client.command("OPTIMIZE TABLE event FINAL")

    def newest_page(self, start_us: int, stop_us: int) -> int:
        return self._rows(
            "SELECT * FROM event WHERE stream = 'user' AND occurred_us >= {a:Int64}"
            " AND occurred_us < {b:Int64} ORDER BY occurred_us DESC LIMIT 50",
            a=start_us,
            b=stop_us,
        )

    def rare(self, word: str, start_us: int, stop_us: int) -> int:
        any_column = " OR ".join(f"{name} ILIKE {{w:String}}" for name in SEARCHED)
        return self._rows(
            f"SELECT * FROM event WHERE ({any_column}) AND occurred_us >= {{a:Int64}}"
            " AND occurred_us < {b:Int64} ORDER BY occurred_us DESC LIMIT 50",
            w=f"%{word}%",
            a=start_us,
            b=stop_us,
        )

    def histogram(self, start_us: int, stop_us: int) -> int:
        return self._rows(
            "SELECT stream, intDiv(occurred_us, 43200000000) AS bucket, count() FROM event"
            " WHERE occurred_us >= {a:Int64} AND occurred_us < {b:Int64} GROUP BY stream, bucket",
            a=start_us,
            b=stop_us,
        )

    def disk_bytes(self) -> int:
        parts = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'event'"
        return int(self._client.query(parts).result_rows[0][0])

    def close(self) -> None:
        self._client.close()

    def _rows(self, sql: str, **parameters: Any) -> int:
        return len(self._client.query(sql, parameters=parameters).result_rows)


def open_peer(folder: Path) -> PlainChdb:
    return PlainChdb(folder)
