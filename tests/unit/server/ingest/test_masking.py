"""Secrets in what arrives: found whatever sent them, named, and nothing else touched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.event import SentEvent, parse_event
from indelible.event.redact import MASK, Redaction
from indelible.server.ingest import Masking
from indelible.server.setting_groups import RedactSettings

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWhlcmU"
SECRETS = [
    JWT,
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1" * 18,
    "xoxb-1234567890",
    "hooks.slack.com/services/T00000000/B00000000/made-up",
    "postgres://app:hunter2@db/shop",
    "Bearer abcdefgh",
    "basic\tYWxhZGRpbjpvcGVu",
    "password=hunter2",
    "token: abc",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4222222222222",
    "378282246310005",
    "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
]


def sent(**fields: Any) -> SentEvent:
    return parse_event(json.dumps({"operation": "A", **fields}).encode())


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", ["endpoint", "reason", "metadata", "changes", "targets"])
def test_a_secret_is_masked_in_every_place_and_named(secret: str, place: str) -> None:
    text = f"a {secret} b"
    fields: dict[str, dict[str, Any]] = {
        "endpoint": {"endpoint": text},
        "reason": {"reason": text},
        "metadata": {"metadata": {"note": text, "deep": [{"x": text}]}},
        "changes": {"changes": [{"path": "note", "before": None, "after": text}]},
        "targets": {"targets": [{"type": "t", "id": "1", "name": text}]},
    }
    masked = Masking().mask(sent(**fields[place]))
    whole = masked.endpoint, masked.reason, masked.metadata, masked.changes, masked.targets
    assert secret not in str(whole)
    assert MASK in str(whole)
    assert masked.context is not None
    assert all(mark.endswith(": secret masked") for mark in masked.context.altered or ())
    assert (masked.context.altered or [""])[0].startswith(place)


def test_names_of_fields_are_enough() -> None:
    masked = Masking().mask(
        sent(
            metadata={"user": {"apiKey": "k1"}, "pin": 1234, "n": 3},
            changes=[{"path": "settings.smtp_password", "before": "a", "after": "b"}],
            context={"source": "shop", "altered": ["reason: cut"]},
        )
    )
    assert masked.metadata == {"user": {"apiKey": MASK}, "pin": MASK, "n": 3}
    assert [(c.path, c.before, c.after) for c in masked.changes or ()] == [
        ("settings.smtp_password", MASK, MASK)
    ]
    assert masked.context is not None
    assert (masked.context.source, masked.context.altered) == (
        "shop",
        [
            "reason: cut",
            "metadata.user.apiKey: secret masked",
            "metadata.pin: secret masked",
            "changes.settings.smtp_password: secret masked",
        ],
    )


def test_an_event_without_secrets_is_the_same_value() -> None:
    event = sent(
        endpoint="/sharing/v3/share-details",
        reason="because it was asked for",
        targets=[{"type": "profile", "id": "p_1", "name": "Depot north, gate 12"}],
        changes=[{"path": "name", "before": "a long text in one word: not", "after": None}],
        metadata={"rows": 12, "token_count": 7, "note": "plain"},
    )
    assert Masking().mask(event) is event


def test_what_the_sender_has_masked_stays_and_is_not_marked() -> None:
    event = sent(metadata={"password": "[redacted:3f1c9a02]", "token": MASK})
    assert Masking().mask(event) is event


def test_own_rules_and_what_is_kept() -> None:
    masking = Masking(
        RedactSettings(
            keys=("salary",),
            paths=("metadata.customer.*.note",),
            patterns=(r"EMP-\d+",),
            keep=("metadata.csrf.token",),
        )
    )
    masked = masking.mask(
        sent(
            metadata={"customer": {"7": {"note": "x"}}, "csrf": {"token": "open"}, "salary": 1},
            reason="EMP-12 left",
        )
    )
    assert masked.metadata == {
        "customer": {"7": {"note": MASK}},
        "csrf": {"token": "open"},
        "salary": MASK,
    }
    assert masked.reason == f"{MASK} left"


def test_it_can_be_switched_off_and_the_rules_in_force_have_a_hash() -> None:
    off = Masking(RedactSettings(enabled=False))
    event = sent(reason=JWT)
    assert off.mask(event) is event
    assert off.rules() == "off"
    assert len(Masking().rules()) == 64
    assert Masking().rules() != Masking(RedactSettings(keys=("a",))).rules()


def test_at_most_fifty_marks() -> None:
    masked = Masking().mask(sent(metadata={f"token_{n}": "x" for n in range(80)}))
    assert masked.context is not None
    assert len(masked.context.altered or ()) == 50
    assert (masked.context.altered or ())[-1] == "and 31 more"


@given(st.text(alphabet=st.sampled_from("aA1_-=:. /|@\n\t4") | st.characters(), max_size=60))
def test_what_is_not_walked_holds_nothing_that_the_rules_find(text: str) -> None:
    """The quick look may be wrong in one direction only."""
    event = sent(reason=text, metadata={"note": text})
    if Masking().mask(event) is event:
        assert Redaction().text(event.reason or "") == event.reason


_TEXTS = st.lists(
    st.text(alphabet=st.sampled_from("aA1_-=:. /|@\n\t4é") | st.characters(), max_size=40)
    | st.sampled_from([*SECRETS, "Vehicle 12", "1234 5678", "12345678", "a-plain-word-of-20"]),
    max_size=6,
)


@given(_TEXTS)
def test_a_batch_is_masked_as_its_events_are(texts: list[str]) -> None:
    masking = Masking()
    batch = [sent(reason=text) for text in texts]
    batch += [sent(metadata={"password": "x"}), sent(endpoint="/users/12"), sent()]
    assert list(masking.mask_all(batch)) == [masking.mask(event) for event in batch]
