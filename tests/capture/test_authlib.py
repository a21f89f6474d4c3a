"""OAuth logins through Authlib's own client, against a provider of our own making."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from authlib.integrations.base_client.errors import OAuthError

from indelible.capture.authlib import audited_oauth
from indelible.testing import MemoryAudit, assert_audited


class Provider:
    """What Authlib's clients have: one method, sync or async by framework."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def authorize_access_token(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class AsyncProvider(Provider):
    async def authorize_access_token(self) -> Any:
        await asyncio.sleep(0)
        return super().authorize_access_token()


TOKEN = {
    "access_token": "secret-token",
    "userinfo": {"sub": "u_1", "email": "ana@meridian.example", "name": "Ana"},
}


def test_a_login_is_told_with_the_person_of_the_claims(audit: MemoryAudit) -> None:
    assert audited_oauth(Provider(TOKEN), audit).authorize_access_token() is TOKEN
    told = audited_oauth(AsyncProvider(TOKEN), audit)
    assert asyncio.run(told.authorize_access_token()) is TOKEN
    event = assert_audited(audit, method="UserLogin", actor="ana@meridian.example", times=2)
    assert event["metadata"] == {"how": "oidc"}
    assert "secret-token" not in str(audit.events)


def test_a_refused_login_is_told_by_its_code(audit: MemoryAudit) -> None:
    refused = OAuthError("access_denied", "text of the other side")
    with pytest.raises(OAuthError):
        audited_oauth(Provider(refused), audit).authorize_access_token()
    event = assert_audited(audit, method="LoginFailed", reason="access_denied", times=1)
    assert event["actor"] == {"kind": "anonymous"}
