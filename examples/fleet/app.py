"""The one place where fleet is put together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.exceptions import HTTPException

from fleet import api, audit_tab, login, pages
from fleet.access import Sessions, find_caller
from fleet.background import Background
from fleet.broker import FILES
from fleet.jobs import KINDS, make_celery
from fleet.models import Base, User
from fleet.modules import MODULES
from fleet.runs import Runs, open_sqlite
from fleet.sample import fill
from indelible import Indelible
from indelible.capture.asgi import AuditMiddleware
from indelible.capture.celery import capture_celery
from indelible.capture.sqlalchemy import capture_changes
from indelible.client import Viewers

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Settings:
    """What the command line says."""

    data: Path
    audit_url: str
    session_minutes: float = 30.0
    jobs_every_s: float = 300.0
    trusted_proxies: Sequence[str] = ()
    viewer_key: str | None = None
    broker: str = FILES


def create_app(settings: Settings, audit: Indelible) -> FastAPI:
    """Fleet, writing its audit events through `audit`."""
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = open_sqlite(settings.data / "fleet.sqlite3")
    Base.metadata.create_all(engine)
    new_session = sessionmaker(engine, expire_on_commit=False)
    with Session(engine) as session:
        if session.scalar(select(User.id).limit(1)) is None:
            fill(session)  # before capturing: sample rows are not anybody's act
    capture_changes(new_session, client=audit)
    sessions = Sessions(settings.session_minutes * 60, time.monotonic)
    capture_celery(audit)
    runs = Runs(settings.data)
    celery = make_celery(settings.data, settings.broker, runs, new_session, settings.jobs_every_s)
    background = Background(celery, settings.data, audit, settings.audit_url, sessions)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _tell_system(audit, "StartService")
        background.start()
        yield
        await asyncio.to_thread(background.stop)
        _tell_system(audit, "StopService")
        # Here and not after the server: it ends by its signal, and then no exit hook runs.
        await asyncio.to_thread(audit.close)

    app = FastAPI(title="Fleet", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.new_session = new_session
    app.state.sessions = sessions
    app.state.background = background
    app.state.runs = runs
    app.state.templates = Jinja2Templates(HERE / "templates")
    app.state.viewers = (
        None if settings.viewer_key is None else Viewers(settings.audit_url, settings.viewer_key)
    )
    app.state.templates.env.globals.update(
        modules=MODULES,
        jobs=KINDS,
        job_titles={kind.key: kind.title for kind in KINDS},
        audit_url=settings.audit_url,
        audited=() if app.state.viewers is None else audit_tab.AUDITED,
    )
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for part in (login.router, api.router, audit_tab.router, pages.router):
        app.include_router(part)
    app.add_exception_handler(HTTPException, _show_problem)  # type: ignore[arg-type]
    app.add_middleware(
        AuditMiddleware, client=audit, trusted_proxies=tuple(settings.trusted_proxies)
    )
    return app


def _tell_system(audit: Indelible, operation: str) -> None:
    audit.record(
        operation,
        stream="system",
        category="configuration",
        method="ServiceEvent",
        endpoint="/service",
        outcome="success",
        actor={"kind": "system", "name": "fleet"},
    )


async def _show_problem(request: Request, problem: HTTPException) -> Response:
    """Problems as a page for people, as JSON for the API."""
    if request.url.path.startswith("/api/"):
        return await http_exception_handler(request, problem)
    reply: Response = request.app.state.templates.TemplateResponse(
        request,
        "problem.html",
        {"caller": find_caller(request), "status": problem.status_code, "detail": problem.detail},
        status_code=problem.status_code,
    )
    return reply
