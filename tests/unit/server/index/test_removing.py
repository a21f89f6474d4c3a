"""A removal that is broken off at any step is taken up whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from indelible.seal import PERSON
from indelible.server.index.engine import Client
from indelible.server.index.insert import Inserter
from indelible.server.index.removing import Remover
from indelible.server.index.schema import INDEX_VERSION
from indelible.server.index.state import Progress
from indelible.server.ledger.declared import Removal


class FakeEngine:
    """Has one row that loses a part; refuses to change the tables of values while told to."""

    def __init__(self) -> None:
        self.rows = 1
        self.refuses = True
        self.forgot: list[str] = []

    def query(self, sql: str, parameters: Mapping[str, Any]) -> bytes:
        if "system.parts" in sql or "idx >= 0" not in sql:
            return b""
        return b'{"idx":5}\n' * self.rows

    def run(self, sql: str) -> None:
        if "ALTER TABLE vals" in sql or "ALTER TABLE known" in sql:
            if self.refuses:
                raise OSError("killed here")
            self.forgot.append(sql.split()[2])
        elif "ALTER TABLE events" in sql:
            self.rows = 0  # made anew without the part: no removal reaches it any more


class NoInserter:
    def forget(self) -> None:
        pass

    def insert(self, *_: object, **__: object) -> None:
        pass


class Entry:
    index, leaf_type, parts, category_id, day = 5, 2, PERSON, 19, 20_000


class AllGone:
    any = False
    names: Mapping[int, str] = {}

    def gone(self, _index: int, _category: int, _day: int, _parts: int) -> dict[int, str]:
        return {PERSON: "erased 9"}


def test_values_are_forgotten_after_a_break_behind_the_last_row(tmp_path: Path) -> None:
    engine, written = FakeEngine(), []

    def once(progress: Progress) -> Progress:
        remover = Remover(
            cast(Client, engine), cast(Inserter, NoInserter()), tmp_path,
            lambda *_: cast(Any, [Entry()]),
        )  # fmt: skip
        return remover.apply(
            1, [Removal(9, PERSON, 5, 6)], cast(Any, AllGone()), progress, written.append,
            lambda epoch: epoch + 1,
        )  # fmt: skip

    with pytest.raises(OSError, match="killed"):
        once(Progress(version=INDEX_VERSION))
    assert written[-1].replacing is None, "every row is made anew already"
    engine.refuses = False
    # A damaged engine that was put aside in between holds it all.
    (tmp_path / "engine.broken").mkdir()
    after = once(written[-1])
    assert engine.forgot == ["vals", "known"]
    assert (after.removed, after.forgetting) == (10, 0)
    assert not (tmp_path / "engine.broken").exists()
    engine.forgot.clear()
    once(after)
    assert engine.forgot == [], "nothing is looked for twice"
