"""
The identity provider ends logins here (OpenID Connect Back-Channel Logout 1.0).

Anybody can send something, so a wrong token counts as an attempt of its sender, and is taken once.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import US_PER_S
from indelible.errors import Conflict, InvalidRequest, NotFound
from indelible.server.access.sessions import Session
from indelible.server.ingest.own_event import of_ended_by_provider
from indelible.server.web.authenticate import entry_of
from indelible.server.web.body import read_body
from indelible.server.web.route import Api
from indelible.server.web.service import service_of

_FORM: Final = "application/x-www-form-urlencoded"
_LIMIT: Final = 32 * 1024
_REMEMBERED_S: Final = 600  # longer than a token is taken after it was issued


async def end_logins(request: Request) -> Response:
    """Ends the logins that a logout token names."""
    service = service_of(request)
    provider = service.oidc
    if provider is None:
        raise NotFound("there is no identity provider here", hint="set oidc.issuer")
    form = parse_qs((await read_body(request, (_FORM,), _LIMIT)).decode("latin-1"))
    tokens = form.get("logout_token", [])
    entry = entry_of(request)
    issuer = provider.settings.issuer or ""
    try:
        if len(tokens) != 1:
            raise InvalidRequest("one logout_token is needed", parameter="logout_token")
        token = await provider.logout_token(tokens[0])
    except InvalidRequest:
        bucket = f"logout token {entry.ip}"
        await asyncio.to_thread(service.access.attempts.take, bucket, entry.ip)
        raise
    person = None
    if token.subject is not None:
        person = service.access.people.by_subject(issuer, token.subject)
        if person is None:
            return _done()  # nobody of that name has ever logged in here

    def tell(session: Session) -> dict[str, Any]:
        event_id = service.own.new_id()
        return of_ended_by_provider(session, entry, event_id=event_id, by=issuer)

    try:
        await asyncio.to_thread(
            service.access.sessions.end_by_provider,
            person,
            token.sid,
            (f"{issuer} {token.jti}", (token.issued_s + _REMEMBERED_S) * US_PER_S),
            tell,
        )
    except Conflict as error:
        raise InvalidRequest(error.message, parameter="logout_token") from error
    await service.own.drain()
    return _done()


def _done() -> Response:
    return Response(status_code=200, headers={"cache-control": "no-store"})


ROUTES: Final = (
    Api(
        method="POST",
        path="/v1/oidc/backchannel-logout",
        handler=end_logins,
        permit=None,
        summary="The identity provider ends logins",
        tag="Session",
        description="Takes a logout token, signed by the provider, once.",
        body={"type": "object", "properties": {"logout_token": {"type": "string"}},
              "required": ["logout_token"]},
        body_media=(_FORM,),
        errors=(400, 404, 408, 413, 415, 429, 503),
    ),
)  # fmt: skip
