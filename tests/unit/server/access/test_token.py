"""API keys as text: their form, their check digits, what is stored of them."""

from __future__ import annotations

import os
import re

from hypothesis import given
from hypothesis import strategies as st

from indelible.server.access.token import (
    KeyText,
    encode_key,
    hash_token,
    new_key,
    parse_key,
    random_text,
)


def test_a_key_has_the_documented_form() -> None:
    text = encode_key(new_key("w", os.urandom))
    assert re.fullmatch(r"ind_w_[0-9A-Za-z]{10}_[0-9A-Za-z]{32}[0-9A-Za-z]{6}", text)


def test_a_known_key_is_encoded_as_before() -> None:
    """The form is published: a change would make every key in use invalid."""
    key = KeyText(kind="r", id="0123456789", secret="A" * 32)
    assert encode_key(key) == "ind_r_0123456789_" + "A" * 32 + "3czxvm"


@given(st.sampled_from(["w", "r", "a", "s"]), st.binary(min_size=64, max_size=64))
def test_round_trip(kind: str, seed: bytes) -> None:
    pool = iter(seed * 1000)
    key = new_key(kind, lambda count: bytes(next(pool) % 248 for _ in range(count)))  # type: ignore[arg-type]
    assert parse_key(encode_key(key)) == key


@given(st.integers(0, 54), st.characters(codec="ascii"))
def test_one_wrong_character_is_noticed(position: int, character: str) -> None:
    text = encode_key(KeyText(kind="a", id="abcdefghij", secret="0123456789" * 3 + "xy"))
    changed = text[:position] + character + text[position + 1 :]
    assert changed == text or parse_key(changed) is None


def test_random_text_uses_all_digits_equally_often_enough() -> None:
    text = random_text(os.urandom, 62_000)
    counts = {digit: text.count(digit) for digit in set(text)}
    assert len(counts) == 62
    assert min(counts.values()) > 700


def test_a_hash_is_not_the_token() -> None:
    assert hash_token("a") != hash_token("b")
    assert len(hash_token("a")) == 32
