"""The control database of an older version: upgraded whole, or left as it was."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from indelible.server.access import migrations
from indelible.server.access.control import ControlDatabase
from indelible.server.access.migrations.upgrade import SCHEMA_VERSION

pytestmark = pytest.mark.timeout(60)

Schema = list[tuple[str, str]]


@pytest.fixture
def old(root: Path, tmp_path: Path) -> Path:
    """A copy of the first version's control database, from before Alembic."""
    return Path(
        shutil.copyfile(
            root / "tests" / "data" / "golden" / "v1" / "control.sqlite3",
            tmp_path / "control.sqlite3",
        )
    )


def schema(path: Path) -> tuple[int, Schema]:
    connection = sqlite3.connect(path)
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    tables = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        " AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    connection.close()
    return number, [(name, " ".join(sql.split())) for name, sql in tables]


def test_the_number_is_that_of_the_revisions_and_one_is_the_newest() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert len(list(scripts.walk_revisions())) == SCHEMA_VERSION
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"v{script.revision}_")


def test_an_upgraded_database_is_like_a_new_one_and_keeps_its_rows(
    old: Path, tmp_path: Path
) -> None:
    assert schema(old)[0] == 1
    ControlDatabase(tmp_path / "new").close()
    upgraded = ControlDatabase(old)
    assert upgraded.read("SELECT email FROM person") == [("golden@example.com",)]
    assert upgraded.read("SELECT name, kind FROM api_key") == [("golden", "a")]
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert upgraded.read("SELECT version_num FROM alembic_version") == [(scripts.get_heads()[0],)]
    assert upgraded.read("PRAGMA quick_check") == [("ok",)]
    upgraded.close()
    assert schema(old) == schema(tmp_path / "new")
    assert schema(old)[0] == SCHEMA_VERSION
    # Again: nothing to do.
    ControlDatabase(old).close()
    assert schema(old) == schema(tmp_path / "new")


@pytest.mark.parametrize("at", ["CREATE TABLE self_check", "UPDATE alembic_version", "COMMIT"])
def test_a_kill_in_the_middle_leaves_the_old_version(old: Path, at: str) -> None:
    """The process dies with SIGKILL when the given statement has run or, of COMMIT, begins."""
    before = schema(old)
    program = f"""
import os, signal, sqlite3
from pathlib import Path
from indelible.server.access import control

connect = sqlite3.connect
armed = []

def watched(*arguments, **options):
    connection = connect(*arguments, **options)

    def look(statement):
        if armed:
            os.kill(os.getpid(), signal.SIGKILL)
        text = " ".join(statement.split())
        if text.startswith("COMMIT") and {at!r} == "COMMIT":
            os.kill(os.getpid(), signal.SIGKILL)
        if text.startswith({at!r}):
            armed.append(1)

    connection.set_trace_callback(look)
    return connection

sqlite3.connect = watched
control.ControlDatabase(Path({str(old)!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": "src", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert schema(old) == before
    ControlDatabase(old).close()
    assert schema(old)[0] == SCHEMA_VERSION


def test_two_processes_upgrade_at_once(old: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from indelible.server.access.control import ControlDatabase;"
        "sys.stdin.read(); ControlDatabase(Path(sys.argv[1])).close()"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(old)],
            env={"PYTHONPATH": "src", "PATH": ""},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    for process in running:
        assert process.stderr is not None
        assert process.wait(50) == 0, process.stderr.read()
        process.stderr.close()
    assert schema(old)[0] == SCHEMA_VERSION
