"""The disk spool: order, limits, take-over after death, torn and missing files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indelible.client import spool as spool_module
from indelible.client.spool import Spool, folder_of
from indelible.errors import SettingsError


def new_spool(root: Path, name: str = "0001-a", max_bytes: int = 1 << 20) -> Spool:
    return Spool.create(root, name, max_bytes=max_bytes)


def drain(spool: Spool, most: int = 10, most_bytes: int = 1 << 20) -> list[bytes]:
    found: list[bytes] = []
    while lines := spool.peek(most, most_bytes):
        found.extend(lines)
        spool.settle(len(lines))
    return found


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(start, start + count)]


def test_lines_come_back_in_order_and_again_until_settled(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    assert all(spool.append(line) for line in numbered(25))
    assert spool.peek(10, 1 << 20) == spool.peek(10, 1 << 20) == numbered(10)
    spool.settle(4)
    assert spool.peek(3, 1 << 20) == numbered(3, start=4)
    assert drain(spool) == numbered(21, start=4)
    assert len(spool) == 0


def test_a_batch_is_bounded_by_bytes_but_never_empty(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    for line in (b"a" * 100, b"b" * 100, b"c" * 100):
        spool.append(line)
    assert [len(batch) for batch in (spool.peek(9, 250), spool.peek(9, 1))] == [2, 1]


def test_a_full_spool_refuses_and_takes_again_when_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "_SEGMENT_BYTES", 40)
    spool = new_spool(tmp_path, max_bytes=100)
    taken = sum(spool.append(b"0123456789") for _ in range(20))
    assert taken == 9
    drain(spool)
    assert spool.append(b"0123456789")


def test_files_are_private_and_gone_after_a_clean_close(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(b"{}")
    folder = tmp_path / "0001-a"
    assert (folder.stat().st_mode & 0o777, (folder / "00000001.jsonl").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    drain(spool)
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_taken_over_oldest_first(tmp_path: Path) -> None:
    for name, start in (("0002-b", 5), ("0001-a", 0)):
        spool = new_spool(tmp_path, name)
        for line in numbered(5, start):
            spool.append(line)
        spool.abandon()  # the kernel drops the lock of a dead process in the same way
    adopted = Spool.adopt_all(tmp_path)
    assert [drain(spool) for spool in adopted] == [numbered(5), numbered(5, start=5)]


def test_a_living_spool_is_never_taken_over(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(b"{}")
    assert Spool.adopt_all(tmp_path) == []
    spool.abandon()
    first = Spool.adopt_all(tmp_path)
    assert (len(first), Spool.adopt_all(tmp_path)) == (1, [])


def test_settled_lines_are_not_sent_again_after_a_restart(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    for line in numbered(10):
        spool.append(line)
    spool.peek(7, 1 << 20)
    spool.settle(7)
    spool.abandon()
    (again,) = Spool.adopt_all(tmp_path)
    assert (len(again), drain(again)) == (3, numbered(3, start=7))


def test_a_torn_last_line_is_left_aside(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(b'{"n":0}')
    spool.abandon()
    with (tmp_path / "0001-a" / "00000001.jsonl").open("ab") as file:
        file.write(b'{"n":1')
    (again,) = Spool.adopt_all(tmp_path)
    assert drain(again) == numbered(1)
    again.close()
    assert list(tmp_path.iterdir()) == []


def test_a_removed_file_is_counted_as_lost(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    for line in numbered(4):
        spool.append(line)
    (tmp_path / "0001-a" / "00000001.jsonl").unlink()
    assert (spool.peek(9, 1 << 20), spool.take_lost(), len(spool), spool.take_lost()) == (
        [],
        4,
        0,
        0,
    )


def test_a_write_that_fails_leaves_the_good_lines(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(b'{"n":0}')
    os.close(spool._write_fd)
    assert spool.append(b'{"n":1}') is False
    assert spool.append(b'{"n":2}') is False
    assert drain(spool) == numbered(1)
    spool._write_fd = -1


def test_a_folder_that_cannot_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot make spool folder"):
        new_spool(tmp_path / "file")


def test_the_source_names_the_folder_safely(tmp_path: Path) -> None:
    assert folder_of(tmp_path, "fleet web/../x") == tmp_path / "fleet_web_.._x"
    assert folder_of(tmp_path, "..") == tmp_path / "default"


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 30)),
            st.tuples(st.just("send"), st.integers(1, 12)),
            st.tuples(st.just("die"), st.just(0)),
        ),
        max_size=40,
    ),
    segment=st.integers(16, 400),
)
def test_any_mix_of_writing_sending_and_dying_keeps_every_line_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], segment: int
) -> None:
    root = tmp_path_factory.mktemp("spool")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool_module, "_SEGMENT_BYTES", segment)
        written, sent, life = 0, [], 0
        spools = [new_spool(root, f"{life:04d}")]
        for step, amount in steps:
            if step == "append":
                for line in numbered(amount, start=written):
                    assert spools[-1].append(line)
                written += amount
            elif step == "send":
                stage = next((spool for spool in spools if len(spool)), spools[-1])
                lines = stage.peek(amount, 1 << 20)
                sent.extend(lines)
                if lines:
                    stage.settle(len(lines))
            else:
                for spool in spools:
                    spool.abandon()
                life += 1
                spools = [*Spool.adopt_all(root), new_spool(root, f"{life:04d}")]
        for spool in spools:
            sent.extend(drain(spool))
            spool.close()
        assert sent == numbered(written)
