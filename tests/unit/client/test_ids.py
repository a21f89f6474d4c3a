"""UUID version 7 made by the SDK."""

from __future__ import annotations

import os
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.client import ids
from indelible.client.ids import RandomPool, uuid7

MOMENTS = st.integers(min_value=0, max_value=(1 << 48) * 1000 - 1)


@given(MOMENTS, st.binary(min_size=8, max_size=8))
def test_is_a_version_7_uuid_with_the_millisecond_in_front(now_us: int, noise: bytes) -> None:
    value = uuid.UUID(uuid7(now_us, lambda count: noise[:count]))
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == now_us // 1000


@given(MOMENTS, MOMENTS, st.binary(min_size=16, max_size=16))
def test_ids_sort_by_the_microsecond(first_us: int, second_us: int, noise: bytes) -> None:
    low, high = sorted((first_us, second_us))
    if low == high:
        return
    assert uuid7(low, lambda _: noise[:8]) < uuid7(high, lambda _: noise[8:])


def test_the_random_bits_keep_ids_of_one_microsecond_apart() -> None:
    pool = RandomPool()
    assert len({uuid7(1_795_451_711_253_057, pool) for _ in range(1000)}) == 1000


def test_a_pool_gives_every_byte_once_and_any_count() -> None:
    counter = iter(range(1 << 20))
    pool = RandomPool(lambda count: bytes(next(counter) % 251 for _ in range(count)))
    taken = b"".join(pool(count) for count in (8, 16, 4000, 60, 5000))
    assert [len(taken), len(pool(0))] == [9084, 0]
    assert taken[:24] == bytes(range(24))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_other_bytes_than_its_parent() -> None:
    pool = RandomPool()
    pool(8)
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.write(write_end, pool(16))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 16) != pool(16)
    os.close(read_end)
    os.close(write_end)


def test_where_fork_hooks_are_not_run_the_process_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "HOOKS_RUN", False)
    pages = iter(range(256))
    pool = RandomPool(lambda count: bytes([next(pages)]) * count)
    assert pool(8) == pool(8) == bytes(8)
    monkeypatch.setattr(os, "getpid", lambda: -7)
    assert pool(8) == b"\x01" * 8
