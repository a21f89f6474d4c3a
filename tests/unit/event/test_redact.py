"""What is masked in an event, what stays readable, and that no error lets a secret through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from indelible.event.redact import MASK, Redaction, is_secret_name
from indelible.event.secrets import find_secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1XzEifQ.c2lnbmF0dXJlX29mX2l0"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
SECRETS = [
    JWT,
    PEM,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "xoxb-" + "123456789012-abcdef",
    "sk_live_" + "a1B2" * 6,
    "AIza" + "a1B2c" * 7,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 5,
    "npm_" + "a1B2" * 9,
    "ind_w_" + "a1B2" * 10,
    "ind_s_" + "a1B2" * 10,
    "ind_v_" + "a1B2" * 10,
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "378282246310005",
    "4111.1111.1111.1111",
    "DE89 3704 0044 0532 0130 00",
    "FR1420041010050500013M02606",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_inside_a_text_is_masked_and_the_text_stays(secret: str) -> None:
    assert Redaction().text(f"before {secret} after") == f"before {MASK} after"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://app:hunter2@db/x", "postgres://app:[redacted]@db/x"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: [redacted]"),
        (
            "POST /login?user=ana&password=hunter2&x=1",
            "POST /login?user=ana&password=[redacted]&x=1",
        ),
        ("client_secret='two words' ok", "client_secret=[redacted] ok"),
        ('{"password": "a\\"b", "x": 1}', '{"password": [redacted], "x": 1}'),
        ('password="cut in the mid', "password=[redacted]"),
        (r"{\"password\": \"hunter2\", \"x\": 1}", r"{\"password\": [redacted], \"x\": 1}"),
        ("Cookie: sid=abc; csrf=def\nnext", "Cookie: [redacted]\nnext"),
        ("secret_key=abc session_id=def", "secret_key=[redacted] session_id=[redacted]"),
        ("/b/k?X-Amz-Signature=ab12&x=1", "/b/k?X-Amz-Signature=[redacted]&x=1"),
        ("/c?se=1&sig=ab%2F12%3D", "/c?se=1&sig=[redacted]"),
        ("postgres://app:hun/ter#2@db/x", "postgres://app:[redacted]@db/x"),
        ("/cb?code=4/0AbCdEfGhIjKlMnOp&x=1", "/cb?code=[redacted]&x=1"),
        ("/cb?state=s&code=SplxlOBeZQQYbYS6WxSbIA", "/cb?state=s&code=[redacted]"),
        ("/cb?code=abc123&state=s", "/cb?code=[redacted]&state=s"),
        ("grant_type=authorization_code&code=abc", "grant_type=authorization_code&code=[redacted]"),
        ("user_ssn=123-45-6789 ok", "user_ssn=[redacted] ok"),
        ("social security number 123 45 6789", "social security number [redacted]"),
        ("cvv=123&pin=1234", "cvv=[redacted]&pin=[redacted]"),
        ("to=/in%3Fpassword%3Dhunter2%26x%3D1", "to=/in%3Fpassword%3D[redacted]%26x%3D1"),
        ("password%253Dhunter2%2526x", "password%253D[redacted]%2526x"),
        ("%22password%22%3A%22hunter2%22%2C", "%22password%22%3A%22[redacted]%22%2C"),
        ("password: correct horse battery\nnext", "password: [redacted]\nnext"),
        ("password: correct horse, user: ana", "password: [redacted], user: ana"),
        ("password: correct horse user=ana", "password: [redacted] user=ana"),
        ("passphrase=correct horse", "passphrase=[redacted]"),
    ],
)
def test_what_follows_a_telling_word_is_masked(text: str, masked: str) -> None:
    assert Redaction().text(text) == masked
    # Marks of equal secrets outlive a second pass without their key, as that at ingest.
    marked = Redaction(fingerprint_key=b"k" * 32).text(text)
    assert Redaction().text(marked) == marked != masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "group 7 renamed to Depot north",
        "4111 1111 1111 1112",  # no valid card number
        "order 1234567890123456789",
        "0198c1d2-7b1e-7c3a-9f00-1234567890ab",
        "2026-11-25T09:56:14.123456Z",
        "https://audit.example/v1/events?period=day",
        "+49 89 1234 5678",
        "http://host:8080/p/@ana",
        "http://[::1]:8080/x@y",
        "/x?code=DE&lang=de",
        "/x?code=ERR_TLS_CERT_ALTNAME_INVALID",
        "DE89370400440532013001",  # check digits do not fit
        "lesson 123-45-6789, pin=13",
        "4111.1111.1111.1112",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert find_secrets(text) == []


@pytest.mark.parametrize(
    "name",
    ["password", "password_hash", "apiKey", "X-Api-Key", "clientSecret", "access_token",
     "Set-Cookie", "card_number", "userPIN", "APIKEY", "sessionId", "newpassword",
     "accesstoken", "clientsecret", "PRIVATEKEY", "cardnumber", "passcode", "security_code",
     "backup_codes"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "shipping",
        "name",
        "tokens",
        "secretary",
        "opinion",
        "key",
        "card",
        "keyboard",
        "pinned",
        "tokenizer",
        "passage",
        "code",
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_metadata_and_changes_are_masked_by_name_at_any_depth() -> None:
    event: dict[str, Any] = {
        "operation": "UpdateUser",
        "actor": {"id": "u_1", "email": "ana@meridian.example"},
        "reason": "called /x?token=abcdef123456",
        "metadata": {
            "user": {"password": "hunter2", "name": "Ana"},
            "token_count": 12,
            "pin": 1234,
        },
        "changes": [{"path": "password_hash", "before": "a", "after": "b"}, {"path": "a.name"}],
    }
    masked = Redaction().event(event)
    assert masked["metadata"] == {
        "user": {"password": MASK, "name": "Ana"},
        "token_count": 12,
        "pin": MASK,
    }
    assert masked["changes"][0] == {"path": "password_hash", "before": MASK, "after": MASK}
    assert masked["reason"] == f"called /x?token={MASK}"
    assert masked["actor"]["email"] == "ana@meridian.example"


def test_a_product_adds_keys_paths_patterns_and_exceptions() -> None:
    redaction = Redaction(
        keys=["salary"],
        paths=["metadata.customer.*.note", "changes.**.street"],
        patterns=[r"EMP-\d+"],
        keep=["metadata.csrf.token"],
    )
    event: dict[str, Any] = {
        "metadata": {
            "Salary": 5000,
            "customer": {"7": {"note": "private", "kind": "b"}},
            "csrf": {"token": "public"},
            "text": "EMP-12 left",
        },
        "changes": [{"path": "address.street", "before": "Elm", "after": "Oak"}],
    }
    masked = redaction.event(event)
    assert masked["metadata"] == {
        "Salary": MASK,
        "customer": {"7": {"note": MASK, "kind": "b"}},
        "csrf": {"token": "public"},
        "text": f"{MASK} left",
    }
    assert masked["changes"] == [{"path": "address.street", "before": MASK, "after": MASK}]


def test_fingerprints_show_equality_and_nothing_else() -> None:
    redaction = Redaction(fingerprint_key=b"k" * 32)
    one, same, other = (redaction.mask(text) for text in ("hunter2", "hunter2", "hunter3"))
    assert one == same != other
    assert one != Redaction(fingerprint_key=b"x" * 32).mask("hunter2")
    assert "hunter" not in one
    # A second pass, as at ingest, leaves the mark as it is.
    assert Redaction().value("password", one) == one


def test_a_rule_of_the_product_sees_leaves_and_its_error_masks() -> None:
    def rule(path: str, value: Any) -> Any:
        if path.endswith("bad"):
            raise ValueError(value)
        return value.upper() if isinstance(value, str) else value

    masked = Redaction(rule=rule).event({"metadata": {"a": "x", "bad": "secret", "n": [1, "y"]}})
    assert masked["metadata"] == {"a": "X", "bad": MASK, "n": [1, "Y"]}


def test_objects_are_masked_as_what_they_become() -> None:
    class Account(msgspec.Struct):
        name: str
        password: str

    @dataclass
    class Login:
        user: str
        api_key: str

    class Rude:
        def __str__(self) -> str:
            raise ValueError("no text for you")

    rude = Rude()
    metadata = {
        "account": Account("ana", "hunter2"),
        "login": Login("ana", "hunter2"),
        "error": ValueError("password=hunter2"),
        "plain": KeyError("x"),
        "rude": rude,
    }
    masked = Redaction().event({"metadata": metadata})["metadata"]
    assert masked["account"] == {"name": "ana", "password": MASK}
    assert masked["login"] == {"user": "ana", "api_key": MASK}
    assert masked["error"] == f"password={MASK}"
    assert (masked["plain"], masked["rude"]) == (metadata["plain"], rude)


def test_cycles_and_depth_end() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert Redaction().event({"metadata": loop})["metadata"]


def test_what_nests_deeper_than_is_looked_at_is_masked() -> None:
    value: Any = {"password": "hunter2", "open": "said"}
    for _ in range(31):
        value = [value]
    told = repr(Redaction().value("metadata", value))
    assert "hunter2" not in told
    assert "said" in told
    assert repr(Redaction().value("metadata", [value])).strip("[]'") == MASK.strip("[]")


def test_a_text_that_looks_like_a_mark_hides_nothing() -> None:
    forged = "[redacted] password=hunter2"
    assert "hunter2" not in Redaction().value("note", forged)
    assert Redaction().value("password", "[redacted: no]") == MASK


def test_a_step_before_the_last_tells_the_secret_of_a_change() -> None:
    paths = ["password.0", "credentials.value", "secrets.stripe.live", "a.password"]
    changes = [{"path": path, "before": "hunter2", "after": None} for path in paths]
    masked = Redaction().event({"changes": changes})["changes"]
    assert [change["before"] for change in masked] == [MASK] * len(paths)
    kept = Redaction(keep=["stripe", "changes.password.0", "credentials"]).event(
        {"changes": [{"path": path, "after": "x"} for path in [*paths[:2], "secrets.stripe"]]}
    )["changes"]
    assert [change["after"] for change in kept] == ["x"] * 3


def test_what_only_speaks_of_a_secret_stays() -> None:
    changes = [
        {"path": "password_policy.name", "before": "strict", "after": "lax"},
        {"path": "password.min_length", "before": 12, "after": 8},
        {"path": "token.enabled", "before": True, "after": False},
    ]
    assert Redaction().event({"changes": [dict(one) for one in changes]})["changes"] == changes


def test_numbers_that_are_secrets_are_masked_and_times_are_not() -> None:
    secrets = {"card_number": 1, "token": 123456, "cvv": 123, "x": 4111111111111111, "y": [
        378282246310005
    ]}  # fmt: skip
    assert set(map(str, Redaction().event({"metadata": secrets})["metadata"].values())) == {
        MASK, f"['{MASK}']",
    }  # fmt: skip
    others = {"token_count": 12, "at_us": 1764123591000000, "at_ms": 1764123591000, "x": 4 * 10**15}
    assert Redaction().event({"metadata": dict(others)})["metadata"] == others


@pytest.mark.parametrize("name", ["csrftoken", "csrfmiddlewaretoken", "csrf_token"])
def test_form_tokens_are_secrets(name: str) -> None:
    assert Redaction().value(name, "abc") == MASK


@pytest.mark.parametrize(
    "unit", ["?code=", "password: a ", "://a:b/", "token =", "DE89 3704 ", "ssn: ", "p%3Dtoken%3D"]
)
def test_long_texts_are_worked_through_in_one_pass(unit: str) -> None:
    assert len(Redaction().text(unit * 20_000)) <= 20_000 * (len(unit) + 10)
