"""Our lines for Datasette: a plugin (plugins/audit.py) that wraps its ASGI application."""

import os

from datasette import hookimpl

from indelible import Indelible
from indelible.capture.asgi import AuditMiddleware
from indelible.capture.bodies import Bodies
from indelible.client import bind, describe

audit = Indelible(os.environ["INDELIBLE_URL"], os.environ["INDELIBLE_KEY"], source="datasette")


@hookimpl
def asgi_wrapper(datasette):
    return lambda app: AuditMiddleware(app, client=audit, bodies=Bodies(["/shop/*"]))


@hookimpl(tryfirst=True)
def actor_from_request(datasette, request):
    if cookie := request.cookies.get("ds_actor"):
        bind(actor={"kind": "user", "id": datasette.unsign(cookie, "actor")["a"]["id"]})


@hookimpl
def permission_allowed(action, resource):
    if action == "view-query":  # a query that is kept, by its database and its name
        describe(operation=resource[1], targets=[{"type": "query", "id": "/".join(resource)}])
