"""
Logging in with an identity provider: OpenID Connect, code flow with PKCE, state and nonce.

What is secret of a login that has begun stays on the server (`steps.py`); the browser carries a
token for it in a cookie, so that a code which was slipped to somebody else's browser is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from indelible.clock import US_PER_S, Clock
from indelible.errors import StorageError
from indelible.server.access.let_in import NotLetIn
from indelible.server.access.people import Known
from indelible.server.access.token import RandomBytes, random_text
from indelible.server.setting_groups import OidcSettings

SCOPE: Final = "openid email profile"
_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_LEEWAY_S: Final = 60
_TIMEOUT_S: Final = 10.0
_VERIFIER_LENGTH: Final = 64


class ProviderFailed(StorageError):
    """The identity provider did not answer, or not with what the standard says."""

    code = "provider-failed"


class Metadata(msgspec.Struct, frozen=True):
    """What the provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None


class Begun(msgspec.Struct, frozen=True):
    """A login that has begun: where the browser goes, and what must come back with it."""

    url: str
    state: str
    nonce: str
    verifier: str


class Shown(msgspec.Struct, frozen=True):
    """Who somebody is, and in which groups, by a token that was checked."""

    who: Known
    groups: tuple[str, ...]


class Provider:
    """One identity provider. Owned by the event loop."""

    def __init__(
        self, settings: OidcSettings, redirect_uri: str, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        self.settings = settings
        self._issuer = settings.issuer or ""
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._random_bytes = random_bytes
        self._metadata: Metadata | None = None

    async def begin(self) -> Begun:
        """A new login. Raises ProviderFailed."""
        state, nonce = random_text(self._random_bytes, 43), random_text(self._random_bytes, 43)
        verifier = random_text(self._random_bytes, _VERIFIER_LENGTH)
        metadata = await self.metadata()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
        return Begun(url, state, nonce, verifier)

    async def finish(self, code: str, nonce: str, verifier: str) -> Shown:
        """Who came back with a code. Raises ProviderFailed, NotLetIn."""
        metadata = await self.metadata()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata.token_endpoint,
                    code=code,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                )
                keys = await self._read(client, metadata.jwks_uri)
                claims = self._check(token.get("id_token"), keys, nonce)
                if metadata.userinfo_endpoint and "email" not in claims:
                    more = await self._read(client, metadata.userinfo_endpoint, with_token=True)
                    if more.get("sub") != claims["sub"]:
                        raise ProviderFailed("the provider speaks of two different people")
                    claims = {**more, **claims}
        except (AuthlibBaseError, httpx2.HTTPError) as cause:
            raise ProviderFailed(f"the identity provider refused: {cause}"[:300]) from cause
        return self._shown(claims)

    async def metadata(self) -> Metadata:
        """What the provider says of itself; asked for once. Raises ProviderFailed."""
        if self._metadata is None:
            address = f"{self._issuer}/.well-known/openid-configuration"
            try:
                async with httpx2.AsyncClient(timeout=_TIMEOUT_S) as client:
                    said = await self._read(client, address)
                found = msgspec.convert(said, Metadata)
            except (httpx2.HTTPError, msgspec.ValidationError) as cause:
                raise ProviderFailed("the identity provider does not answer") from cause
            if found.issuer.rstrip("/") != self._issuer:
                raise ProviderFailed("the identity provider names itself otherwise")
            self._metadata = found
        return self._metadata

    def logout_url(self, back_to: str) -> str | None:
        """Where the provider ends its own login, if it can and has been asked before."""
        if self._metadata is None or self._metadata.end_session_endpoint is None:
            return None
        query = {"client_id": self.settings.client_id or "", "post_logout_redirect_uri": back_to}
        return f"{self._metadata.end_session_endpoint}?{urlencode(query)}"

    def _client(self) -> AsyncOAuth2Client:
        path = self.settings.client_secret_file
        secret = Path(path).read_text(encoding="utf-8").strip() if path else None
        return AsyncOAuth2Client(
            self.settings.client_id,
            secret,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
        )

    async def _read(
        self, client: httpx2.AsyncClient, address: str, *, with_token: bool = False
    ) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if isinstance(client, AsyncOAuth2Client) and not with_token:
            more["withhold_token"] = True  # it sends its token with each request otherwise
        reply = await client.request("GET", address, follow_redirects=False, **more)
        reply.raise_for_status()
        try:
            found = reply.json()
        except json.JSONDecodeError as cause:
            raise ProviderFailed(f"{urlsplit(address).path} gives no JSON") from cause
        if not isinstance(found, dict):
            raise ProviderFailed(f"{urlsplit(address).path} gives no object")
        return found

    def _check(self, text: object, keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an identity token: signed by the provider, for us, now, for this login."""
        if not isinstance(text, str):
            raise ProviderFailed("the provider sent no identity token")
        try:
            token = jwt.decode(
                text, KeySet.import_key_set(cast("Any", keys)), algorithms=_ALGORITHMS
            )
            registry = jwt.JWTClaimsRegistry(
                now=lambda: self._clock.now_us() // US_PER_S,
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": (self._metadata or _NOBODY).issuer},
                aud={"essential": True, "value": self.settings.client_id or ""},
                nonce={"essential": True, "value": nonce},
                sub={"essential": True},
                exp={"essential": True},
            )
            registry.validate(token.claims)
        except (JoseError, ValueError) as cause:
            raise ProviderFailed(
                "the identity token is not right", hint=str(cause)[:200]
            ) from cause
        claims: dict[str, Any] = token.claims
        party = claims.get("azp")
        if party is not None and party != self.settings.client_id:
            raise ProviderFailed("the identity token is for another service")
        return claims

    def _shown(self, claims: dict[str, Any]) -> Shown:
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise NotLetIn(
                "the identity provider knows no verified e-mail address of this person",
                hint="the claims `email` and `email_verified` are needed",
            )
        name = claims.get("name")
        groups = claims.get(self.settings.groups_claim)
        who = Known(
            issuer=self._issuer,
            subject=str(claims["sub"])[:256],
            email=email,
            name=str(name or email)[:200],
        )
        listed = groups if isinstance(groups, list) else [groups] if groups else []
        return Shown(who, tuple(str(one) for one in listed))


_NOBODY: Final = Metadata("", "", "", "")
