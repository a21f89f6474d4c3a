"""Logout tokens of an identity provider: which are taken, and only once."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from indelible.clock import FixedClock
from indelible.errors import Conflict, InvalidRequest
from indelible.server.access.door import Access
from indelible.server.access.oidc import Metadata, Provider
from indelible.server.access.people import Known
from indelible.server.access.sessions import Said, Session
from indelible.server.settings import load_settings

ISSUER = "https://login.example.com"
NOW_S = 1_700_000_000
EVENT = "http://schemas.openid.net/event/backchannel-logout"
RIGHT: dict[str, Any] = {
    "iss": ISSUER, "aud": "indelible", "iat": NOW_S, "exp": NOW_S + 120, "jti": "one",
    "sub": "u1", "sid": "s1", "events": {EVENT: {}},
}  # fmt: skip
KEY = ECKey.generate_key("P-256", {"kid": "k"})


class AtHand(Provider):
    """A provider whose metadata and keys are at hand."""

    async def metadata(self) -> Metadata:
        return Metadata(ISSUER, "", "", "")

    async def _known_keys(self) -> KeySet:
        return KeySet([KEY])


@pytest.fixture
def provider() -> Provider:
    settings = load_settings(
        None,
        {
            "INDELIBLE_OIDC_ISSUER": ISSUER,
            "INDELIBLE_OIDC_CLIENT_ID": "indelible",
            "INDELIBLE_SERVICE_PUBLIC_URL": "https://audit.example.com",
        },
    )
    return AtHand(settings.oidc, "", FixedClock(NOW_S * 1_000_000), os.urandom)


def signed(claims: dict[str, Any], *, typ: str = "logout+jwt", key: ECKey = KEY) -> str:
    return jwt.encode({"alg": "ES256", "typ": typ, "kid": "k"}, claims, key, algorithms=["ES256"])


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in RIGHT.items() if name not in names}


def test_a_right_token_names_person_and_login(provider: Provider) -> None:
    token = asyncio.run(provider.logout_token(signed(RIGHT)))
    assert (token.jti, token.subject, token.sid) == ("one", "u1", "s1")
    only_sub = asyncio.run(provider.logout_token(signed(without("sid", "exp"), typ="JWT")))
    assert (only_sub.subject, only_sub.sid) == ("u1", None)


@pytest.mark.parametrize(
    "claims",
    [
        {**RIGHT, "iss": "https://other.example.com"},
        {**RIGHT, "aud": "another"},
        {**RIGHT, "iat": NOW_S - 400},
        {**RIGHT, "iat": NOW_S + 120},
        {**RIGHT, "exp": NOW_S - 61},
        {**RIGHT, "nonce": "n"},
        {**RIGHT, "events": {}},
        {**RIGHT, "events": {EVENT: "yes"}},
        {**RIGHT, "sub": 7},
        without("jti"),
        without("iat"),
        without("events"),
        without("sub", "sid"),
    ],
)
def test_what_is_no_logout_token(provider: Provider, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        asyncio.run(provider.logout_token(signed(claims)))


def test_another_key_algorithm_or_kind_of_token(provider: Provider) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "k"})
    unsigned = ".".join([*signed(RIGHT).split(".")[:2], ""])
    for text in (signed(RIGHT, key=stranger), signed(RIGHT, typ="at+jwt"), unsigned, "", "a.b.c"):
        with pytest.raises(InvalidRequest):
            asyncio.run(provider.logout_token(text))


def test_it_ends_what_it_names_once(access: Access) -> None:
    person = access.people.add_known(
        1, Known(issuer=ISSUER, subject="u1", email="bo@example.com", name="Bo"), "auditor",
        told(None), person_id="p_bo",
    )  # fmt: skip
    for sid, way in (("s1", "oidc"), ("s2", "oidc"), (None, "password")):
        access.sessions.start(
            person, session_id=f"l_{sid}", ip=None, user_agent=None, event=told(None), way=way,
            said=Said(sid=sid),
        )  # fmt: skip
    ends = access.sessions.end_by_provider
    until_us = NOW_S * 1_000_000 + 1
    assert ends(person, "s1", ("one", until_us), told) == 1
    with pytest.raises(Conflict):
        ends(person, None, ("one", until_us), told)
    assert {one.id for one in access.sessions.of_person("p_bo")} == {"l_s2", "l_None"}
    assert ends(None, None, ("two", until_us), told) == 0
    assert ends(person, None, ("three", until_us), told) == 1  # not the one by password
    assert [one.id for one in access.sessions.of_person("p_bo")] == ["l_None"]


def told(session: Session | None) -> dict[str, Any]:
    return {"id": "x", "operation": "EndLogin", "session": session.id if session else None}
