"""Login, logout, acting for somebody else: the authentication events of fleet."""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from fleet.access import COOKIE, Sessions, actor_of, need_caller, need_role
from fleet.models import User
from fleet.sample import PASSWORD, PEOPLE, Person, hash_password
from indelible.client import bind, current, describe

router = APIRouter(prefix="/auth/v3")


@router.get("/login", name="login_page")
def login_page(request: Request) -> Response:
    """The login form, with a button for each sample person."""
    return _page(request, 200)


@router.post("/login", name="log_in")
def log_in(
    request: Request, email: str = Form(max_length=200), password: str = Form(max_length=200)
) -> Response:
    """Opens a session, or leaves a failed login that says whose."""
    describe(operation="LoginUser", category="authentication", method="UserLogin")
    with request.app.state.new_session() as session:
        user = session.scalar(select(User).where(User.email == email.strip().lower()))
        wanted = "" if user is None else user.password_hash
        given = hash_password(password, "nobody" if user is None else user.id)
        if user is None or not wanted or not hmac.compare_digest(wanted, given):
            bind(actor={"kind": "user" if user else "anonymous", "email": email.strip()})
            describe(method="LoginFailed", reason="wrong e-mail or password", severity="warning")
            return _page(request, 401, "Wrong e-mail or password.")
        person = Person(user.id, user.email, user.name, user.role)
    holder = current()
    origin: Any = {} if holder is None or holder.origin is None else holder.origin
    sessions: Sessions = request.app.state.sessions
    sessions.close(request.cookies.get(COOKIE, ""))
    token, login = sessions.open(person, dict(origin))
    bind(actor=actor_of(person), session_id=login.id)
    reply = RedirectResponse("/", 303)
    reply.set_cookie(COOKIE, token, httponly=True, samesite="strict")
    return reply


@router.post("/logout", name="log_out")
def log_out(request: Request) -> Response:
    """Ends the session."""
    describe(operation="LogoutUser", category="authentication", method="UserLogout")
    need_caller(request)
    request.app.state.sessions.close(request.cookies.get(COOKIE, ""))
    reply = RedirectResponse("/auth/v3/login", 303)
    reply.delete_cookie(COOKIE)
    return reply


@router.post("/impersonation", name="impersonate")
def impersonate(request: Request, user_id: str = Form(default="")) -> Response:
    """An administrator acts in the name of somebody else, or stops doing so."""
    caller = need_caller(request)
    if caller.login is None:
        raise HTTPException(403, "Only people act for others.")
    describe(operation="StartImpersonation", category="access")
    if not user_id:
        describe(operation="StopImpersonation")
        request.app.state.sessions.act_for(request.cookies[COOKIE], None)
        return RedirectResponse("/", 303)
    need_role(caller, "admin")
    with request.app.state.new_session() as session:
        user = session.get(User, user_id)
        if user is None:
            raise HTTPException(404, f"There is no user {user_id}.")
        person = Person(user.id, user.email, user.name, user.role)
    describe(targets=[{"type": "user", "id": person.id, "name": person.email}])
    request.app.state.sessions.act_for(request.cookies[COOKIE], person)
    return RedirectResponse("/", 303)


def _page(request: Request, status: int, error: str = "") -> Response:
    reply: Response = request.app.state.templates.TemplateResponse(
        request,
        "login.html",
        {"people": PEOPLE, "password": PASSWORD, "error": error, "caller": None},
        status_code=status,
    )
    return reply
