"""/metrics for Prometheus: with a key that may read, or from this machine when a setting allows."""

from __future__ import annotations

import asyncio
import ipaddress

from starlette.requests import Request
from starlette.responses import Response

from indelible.server.ops.scrape import MEDIA_TYPE
from indelible.server.web.authenticate import entry_of
from indelible.server.web.route import Api, Caller
from indelible.server.web.service import service_of


async def get_metrics(request: Request) -> Response:
    """
    Counters and state, no names, addresses or texts of events: of the whole service on the machine
    itself, else, where there are several tenants, of the caller's alone.
    """
    scrape = service_of(request).scrape
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        body = await asyncio.to_thread(scrape.render)
    else:
        body = await asyncio.to_thread(scrape.render_tenant, caller.tenant_id)
    return Response(body, media_type=MEDIA_TYPE)


def open_here(request: Request) -> bool:
    """
    Whether the setting opens it to this request: straight from this machine.

    A proxy on the same machine has a loopback address too; what it passes on names a sender or
    another host, and is not let through.
    """
    if not service_of(request).settings.metrics.open_on_loopback:
        return False
    entry = entry_of(request)
    forwarded = any(
        name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers
    )
    if forwarded or not entry.loopback or entry.peer_ip is None:
        return False
    try:
        return ipaddress.ip_address(entry.peer_ip).is_loopback
    except ValueError:
        return False


ROUTES = (
    Api(
        method="GET",
        path="/metrics",
        handler=get_metrics,
        permit="read",
        shows_no_event=True,
        open_when=open_here,
        summary="Metrics for Prometheus",
        tag="Operate",
        reply_media="text/plain",
        errors=(401, 403),
    ),
)
