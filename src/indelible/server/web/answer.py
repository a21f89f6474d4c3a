"""What routes share: who asks which service, and replies as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from indelible.codec import encode_json
from indelible.server.web.service import Service, service_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from indelible.server.web.route import Caller

JSON: Final = "application/json"


def asked_by(request: Request) -> tuple[Service, Caller]:
    """The service that answers a request, and who asks."""
    return service_of(request), request.state.caller


def json_response(reply: Any, status: int = 200) -> Response:
    """A reply of a route's type, encoded."""
    return Response(encode_json(reply), status_code=status, media_type=JSON)
