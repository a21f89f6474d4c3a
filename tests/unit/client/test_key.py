"""A key that cannot be one is refused at once; one of an odd form is told in the log."""

from __future__ import annotations

import itertools
import logging

import pytest

from indelible import Indelible
from indelible.client.key import doubt_of_key
from indelible.errors import SettingsError
from indelible.server.access.token import encode_key, new_key
from indelible.testing import MemoryAudit


def a_key(kind: str = "w") -> str:
    numbers = itertools.count()
    return encode_key(new_key(kind, lambda n: bytes(next(numbers) % 200 for _ in range(n))))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["w", "a"])
def test_keys_of_the_service_are_in_order(kind: str) -> None:
    assert doubt_of_key(a_key(kind)) is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "empty"),
        (a_key() + "\n", "line breaks"),
        ("ind_w two", "blanks"),
        ("ind_w_…", "no key has"),
        (a_key("r"), "reads"),
        (a_key("s"), "provisions"),
        ("ind_v_abc", "cannot write"),
    ],
)
def test_what_cannot_be_a_write_key_is_refused(key: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Indelible("http://127.0.0.1:9", key, source="unit", on_sigterm="leave")


@pytest.mark.parametrize("key", ["hunter2", a_key()[:-1], a_key()[:-1] + "?", "0" + a_key()[1:]])
def test_an_odd_form_is_told_in_the_log_without_the_key(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "indelible.client"):
        Indelible("http://127.0.0.1:9", key, source="unit", on_sigterm="leave").close(0)
    (record,) = caplog.records
    assert record.getMessage().startswith("odd-key: the key has not the form")
    assert key not in caplog.text


def test_a_mistyped_character_is_told(caplog: pytest.LogCaptureFixture) -> None:
    key = a_key()
    swapped = key[:20] + ("0" if key[20] != "0" else "1") + key[21:]
    assert "check digits" in (doubt_of_key(swapped) or "")
    MemoryAudit()  # needs no key, and says nothing of it
    assert not caplog.records
