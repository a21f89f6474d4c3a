"""
The Audit Logs tab of one group, dashboard or workflow.

The page holds `<audit-log>`, a frame of the Indelible service. What it may show is said here, by
the backend: the events of this one thing, to whoever is logged in, for some minutes.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from fleet.access import Caller, find_caller, need_caller
from fleet.modules import BY_KEY, Module
from fleet.pages import show
from fleet.rows import get_row
from indelible.client import NoViewerToken, Viewers

AUDITED = ("groups", "dashboards", "workflows")
LIFETIME_S = 600

router = APIRouter()


def _add_tab(module: Module) -> None:
    def page(request: Request, row_id: str) -> Response:
        caller = find_caller(request)
        if caller is None:
            return RedirectResponse("/auth/v3/login", 303)
        with request.app.state.new_session() as session:
            row = get_row(session, module, row_id)
        return show(request, caller, "audit.html", module=module, row=row, audit_tab=True)

    def token(request: Request, row_id: str) -> Response:
        caller = need_caller(request)
        with request.app.state.new_session() as session:
            row = get_row(session, module, row_id)
        text = _ask(request, caller, module, row_id, str(row.name))
        return JSONResponse({"token": text}, headers={"Cache-Control": "no-store"})

    at = f"{module.path}/{{row_id}}"
    router.add_api_route(f"{at}/audit-logs", page, methods=["GET"], name=f"audit_logs_{module.key}")
    router.add_api_route(
        f"{at}/audit-token", token, methods=["GET"], name=f"audit_token_{module.key}"
    )


def _ask(request: Request, caller: Caller, module: Module, row_id: str, name: str) -> str:
    viewers: Viewers | None = request.app.state.viewers
    if viewers is None:
        raise HTTPException(404, "Start fleet with --viewer-key to have Audit Logs tabs.")
    person = None if caller.login is None else caller.login.person
    try:
        return viewers.token(
            caller.name if person is None else person.id,
            name=caller.name if person is None else person.name,
            email=None if person is None else person.email,
            # The service lets only origins of its setting embed.origins frame the log.
            origins=[f"{request.url.scheme}://{request.url.netloc}"],
            target=(module.one, row_id),
            title=f"Audit Logs of {name}",
            export=caller.may("editor"),
            lifetime_s=LIFETIME_S,
        ).token
    except NoViewerToken as problem:
        raise HTTPException(503, problem.message) from problem


for _key in AUDITED:
    _add_tab(BY_KEY[_key])
