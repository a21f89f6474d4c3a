"""PostgreSQL with pg_trgm: a private server in the bench's folder, driven through psql."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from bench.peers.run import COLUMNS, Row
from bench.service import bytes_under

JOIN_BODIES = 1
START_TIMEOUT_S = 30
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def binaries() -> Path | None:
    """The newest installed server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class Postgres:
    note = "COPY of 500 a transaction, synchronous_commit=on, GIN of pg_trgm"

    def __init__(self, folder: Path) -> None:
        bin_folder = binaries()
        if bin_folder is None:
            raise RuntimeError("PostgreSQL is not installed")
        self._folder = folder / "data"
        # The server refuses to run as root: then it runs as the account of its package.
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(folder, "postgres", "postgres")
        self._quiet(
            str(bin_folder / "initdb"), "-D", str(self._folder), "-A", "trust", "-U", "bench"
        )
        options = "-c listen_addresses= -c shared_buffers=512MB -c max_wal_size=2GB"
        self._server = subprocess.Popen(
            [*self._as, str(bin_folder / "postgres"), "-D", str(self._folder), "-k", str(folder),
             *options.split()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        self._psql_command = ["psql", "-h", str(folder), "-U", "bench", "-d", "postgres",
                              "-qAtX", "-v", "ON_ERROR_STOP=1"]  # fmt: skip
        self._wait_until_up()
        self._psql = subprocess.Popen(
            self._psql_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        types = {"occurred_us": "bigint", "status": "int"}
        columns = ", ".join(f"{name} {types.get(name, 'text')}" for name in COLUMNS)
        self._ask(
            "CREATE EXTENSION pg_trgm;"
            f"CREATE TABLE event (id bigserial, {columns}, words text);"
            "CREATE INDEX ON event (stream, occurred_us);"
            "CREATE INDEX ON event USING gin (words gin_trgm_ops);"
        )

    def insert(self, rows: list[Row]) -> None:
        lines = []
        for row in rows:
            fields = [str(field).translate(_ESCAPES) for field in row]
            fields.append("\\n".join(fields[n] for n in (2, 3, 4, 5, 7, 8)))
            lines.append("\t".join(fields))
        copied = "\n".join(lines)
        self._ask(f"COPY event ({', '.join(COLUMNS)}, words) FROM STDIN;\n{copied}\n\\.\n")

    def finish(self) -> None:
        self._ask("ANALYZE event;")

    def newest_page(self, start_us: int, stop_us: int) -> int:
        return self._ask(
            f"SELECT * FROM event WHERE stream = 'user' AND occurred_us >= {start_us}"
            f" AND occurred_us < {stop_us} ORDER BY occurred_us DESC LIMIT 50;"
        )

    def rare(self, word: str, start_us: int, stop_us: int) -> int:
        return self._ask(
            f"SELECT * FROM event WHERE words ILIKE '%{word}%' AND occurred_us >= {start_us}"
            f" AND occurred_us < {stop_us} ORDER BY occurred_us DESC LIMIT 50;"
        )

    def histogram(self, start_us: int, stop_us: int) -> int:
        return self._ask(
            "SELECT stream, occurred_us / 43200000000, count(*) FROM event WHERE occurred_us >="
            f" {start_us} AND occurred_us < {stop_us} GROUP BY 1, 2;"
        )

    def disk_bytes(self) -> int:
        return bytes_under(self._folder / "base")

    def close(self) -> None:
        if self._psql.stdin is not None:
            self._psql.stdin.close()
        self._psql.wait(30)
        self._server.terminate()
        self._server.wait(60)

    def _ask(self, sql: str) -> int:
        """Sends statements and waits for their end; returns the number of lines of the result."""
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(sql + "\n\\echo done-with-it\n")
        self._psql.stdin.flush()
        for lines, line in enumerate(self._psql.stdout):
            if line == "done-with-it\n":
                return lines
        raise RuntimeError("psql ended early")

    def _quiet(self, *command: str) -> None:
        subprocess.run([*self._as, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            ready = subprocess.run(
                [*self._psql_command, "-c", "SELECT 1"], check=False, capture_output=True
            )
            if ready.returncode == 0:
                return
            time.sleep(0.2)
        raise RuntimeError("PostgreSQL did not start")


def open_peer(folder: Path) -> Postgres:
    return Postgres(folder)
