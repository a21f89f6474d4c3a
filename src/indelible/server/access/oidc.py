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
from indelible.errors import InvalidRequest, StorageError
from indelible.server.access.let_in import NotLetIn
from indelible.server.access.people import Known
from indelible.server.access.sessions import Said
from indelible.server.access.token import RandomBytes, random_text
from indelible.server.setting_groups import OidcSettings

SCOPE: Final = "openid email profile"
_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_LEEWAY_S: Final = 60
_KEYS_S: Final = 30.0
LOGOUT_AGE_S: Final = 300
_LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
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
    said: Said = Said()


class LogoutToken(msgspec.Struct, frozen=True):
    """Which logins the provider ends: of a person, with its name of the login, or both."""

    jti: str
    subject: str | None
    sid: str | None
    issued_s: int


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
        self._keys: tuple[float, dict[str, Any] | None] = (0.0, None)

    async def begin(self) -> Begun:
        """A new login. Raises ProviderFailed."""
        state, nonce = random_text(self._random_bytes, 43), random_text(self._random_bytes, 43)
        verifier = random_text(self._random_bytes, _VERIFIER_LENGTH)
        metadata = await self.metadata()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                **self._wished(),
            )
        return Begun(url, state, nonce, verifier)

    def _wished(self) -> dict[str, str]:
        """What is demanded of any role, as a wish: who it will be is not known yet."""
        values = sorted({one for some in self.settings.demands.values() for one in some})
        return {"acr_values": " ".join(values)} if values else {}

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

    async def logout_token(self, text: str) -> LogoutToken:
        """
        What a logout token says (OpenID Connect Back-Channel Logout 1.0, section 2.6): signed by
        the provider, for us, lately, a logout and nothing else.

        Raises InvalidRequest, ProviderFailed.
        """
        metadata = await self.metadata()
        now_s = self._clock.now_us() // US_PER_S
        try:
            token = jwt.decode(text, await self._known_keys(), algorithms=_ALGORITHMS)
            registry = jwt.JWTClaimsRegistry(
                now=lambda: now_s,
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": metadata.issuer},
                aud={"essential": True, "value": self.settings.client_id or ""},
                iat={"essential": True},
            )
            registry.validate(token.claims)
        except (JoseError, ValueError) as cause:
            raise InvalidRequest("this is no logout token of the provider") from cause
        claims: dict[str, Any] = token.claims
        kind = str(token.header.get("typ", "JWT")).lower().removeprefix("application/")
        if kind not in ("logout+jwt", "jwt") or not _is_logout(claims):
            raise InvalidRequest("this is a token for something else than a logout")
        if not now_s - LOGOUT_AGE_S <= claims["iat"] <= now_s + _LEEWAY_S:
            raise InvalidRequest("this logout token is too old, or from the future")
        return LogoutToken(claims["jti"], claims.get("sub"), claims.get("sid"), claims["iat"])

    async def _known_keys(self) -> KeySet:
        """The provider's keys, asked for twice a minute at most: anybody can send a token."""
        read_s, keys = self._keys
        now_s = self._clock.monotonic_s()
        if keys is None or now_s - read_s > _KEYS_S:
            metadata = await self.metadata()
            try:
                async with httpx2.AsyncClient(timeout=_TIMEOUT_S) as client:
                    keys = await self._read(client, metadata.jwks_uri)
            except httpx2.HTTPError as cause:
                raise ProviderFailed("the identity provider does not answer") from cause
            self._keys = (now_s, keys)
        return KeySet.import_key_set(cast("Any", keys))

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
        return Shown(who, tuple(str(one) for one in listed), _said(claims))


def _said(claims: dict[str, Any]) -> Said:
    amr, acr, sid = claims.get("amr"), claims.get("acr"), claims.get("sid")
    grades = [*(amr if isinstance(amr, list) else []), *([acr] if acr is not None else [])]
    return Said(
        sid=str(sid)[:256] if sid is not None else None,
        grades=tuple(str(one)[:200] for one in grades[:50]),
    )


def _is_logout(claims: dict[str, Any]) -> bool:
    """Whether the claims are those of a logout: its event, no nonce, and somebody named."""
    events = claims.get("events")
    names = [claims[name] for name in ("sub", "sid") if claims.get(name) is not None]
    return (
        isinstance(events, dict)
        and isinstance(events.get(_LOGOUT_EVENT), dict)
        and "nonce" not in claims
        and bool(names)
        and all(isinstance(name, str) and len(name) <= 256 for name in names)
        and isinstance(claims.get("jti"), str)
        and len(claims["jti"]) <= 256
        and isinstance(claims.get("iat"), int)
    )


_NOBODY: Final = Metadata("", "", "", "")
