"""The pages of all modules, made from the table of modules, and what single modules add."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from fleet.access import Caller, find_caller, need_caller, need_role
from fleet.models import Export, Profile, User
from fleet.modules import BY_KEY, MODULES, ROLES, Module
from fleet.rows import (
    all_rows,
    as_dict,
    count_rows,
    create_row,
    decide,
    delete_row,
    get_row,
    update_row,
)
from indelible.client import describe

router = APIRouter()


def show(request: Request, caller: Caller | None, template: str, **values: Any) -> Response:
    """A page of the shell."""
    reply: Response = request.app.state.templates.TemplateResponse(
        request, template, {"caller": caller, **values}
    )
    return reply


@router.get("/", name="home")
def home(request: Request) -> Response:
    """An overview: how many of what, and what is waiting."""
    caller = find_caller(request)
    if caller is None:
        return RedirectResponse("/auth/v3/login", 303)
    with request.app.state.new_session() as session:
        counts = {module.key: len(all_rows(session, module)) for module in MODULES}
        waiting = [
            row
            for row in all_rows(session, BY_KEY["approvals"])
            if getattr(row, "state", "") == "requested"
        ]
        people = all_rows(session, BY_KEY["users"])
    return show(
        request, caller, "home.html", counts=counts, waiting=waiting, people=people,
        runs=request.app.state.runs.latest(),
    )  # fmt: skip


def _add_pages(module: Module) -> None:
    def list_page(request: Request) -> Response:
        caller = find_caller(request)
        if caller is None:
            return RedirectResponse("/auth/v3/login", 303)
        with request.app.state.new_session() as session:
            rows = all_rows(session, module)
        return show(request, caller, "list.html", module=module, rows=rows, roles=ROLES)

    def edit_page(request: Request, row_id: str) -> Response:
        caller = need_caller(request)
        with request.app.state.new_session() as session:
            row = get_row(session, module, row_id)
        return show(request, caller, "edit.html", module=module, row=row)

    async def create(request: Request) -> Response:
        describe(operation=module.create, category=module.category)
        caller = need_caller(request)
        need_role(caller, module.write_role)
        form = {key: str(value) for key, value in (await request.form()).items()}
        with request.app.state.new_session() as session:
            create_row(session, module, form, caller.name)
        return RedirectResponse(module.path, 303)

    async def update(request: Request, row_id: str) -> Response:
        describe(operation=module.update, category=module.category)
        need_role(need_caller(request), module.write_role)
        form = {key: str(value) for key, value in (await request.form()).items()}
        with request.app.state.new_session() as session:
            update_row(session, module, row_id, form)
        return RedirectResponse(module.path, 303)

    def delete(request: Request, row_id: str) -> Response:
        describe(operation=module.delete, category=module.category)
        need_role(need_caller(request), module.write_role)
        with request.app.state.new_session() as session:
            delete_row(session, module, row_id)
        return RedirectResponse(module.path, 303)

    at = f"{module.path}/{{row_id}}"
    router.add_api_route(module.path, list_page, methods=["GET"], name=f"list_{module.key}")
    router.add_api_route(module.path, create, methods=["POST"], name=module.create)
    router.add_api_route(at, edit_page, methods=["GET"], name=f"edit_{module.key}")
    router.add_api_route(at, update, methods=["POST"], name=module.update)
    router.add_api_route(f"{at}/delete", delete, methods=["POST"], name=module.delete)


@router.post("/roles/v2/assignments", name="AssignRole")
def assign_role(
    request: Request, user_id: str = Form(), role: str = Form(), reason: str = Form(default="")
) -> Response:
    """Gives a user another role."""
    describe(operation="AssignRole", category="access", reason=reason or None)
    need_role(need_caller(request), "admin")
    with request.app.state.new_session() as session:
        update_row(session, BY_KEY["users"], user_id, {"role": role})
    return RedirectResponse(BY_KEY["users"].path, 303)


@router.post("/users/v3/{user_id}/password", name="ResetPassword")
def reset_password(request: Request, user_id: str) -> Response:
    """Locks a password; the account needs a new one."""
    describe(operation="ResetPassword", category="authentication", method="PasswordReset")
    need_role(need_caller(request), "admin")
    with request.app.state.new_session() as session:
        row = get_row(session, BY_KEY["users"], user_id)
        if isinstance(row, User):
            row.password_hash = ""
        session.commit()
    return RedirectResponse(BY_KEY["users"].path, 303)


@router.post("/profiles/v3/{profile_id}/share", name="ShareProfile")
def share(request: Request, profile_id: str, shared_with: str = Form(max_length=120)) -> Response:
    """Shares a profile with somebody, or with nobody any more."""
    describe(operation="ShareProfile" if shared_with else "UnshareProfile", category="sharing")
    need_role(need_caller(request), "editor")
    with request.app.state.new_session() as session:
        row = get_row(session, BY_KEY["profiles"], profile_id)
        if isinstance(row, Profile):
            row.shared_with = shared_with.strip()
        session.commit()
    return RedirectResponse(BY_KEY["profiles"].path, 303)


@router.post("/approvals/v1/{row_id}/approve", name="ApproveRequest")
def approve(request: Request, row_id: str, reason: str = Form(default="")) -> Response:
    """Approves a request of somebody else."""
    return _decide(request, row_id, "approved", reason)


@router.post("/approvals/v1/{row_id}/reject", name="RejectRequest")
def reject(request: Request, row_id: str, reason: str = Form(default="")) -> Response:
    """Rejects a request of somebody else."""
    return _decide(request, row_id, "rejected", reason)


def _decide(request: Request, row_id: str, state: str, reason: str) -> Response:
    describe(category="approval", reason=reason or None)  # the operation is the route's name
    caller = need_caller(request)
    need_role(caller, "admin")
    with request.app.state.new_session() as session:
        decide(session, row_id, state, caller.name)
    return RedirectResponse("/approvals/v1", 303)


@router.get("/reports/v1/exports/{row_id}/download", name="DownloadExport")
def download(request: Request, row_id: str) -> Response:
    """The export as CSV. A read, but one that has to be known."""
    describe(operation="DownloadExport", category="export", record=True)
    need_role(need_caller(request), "editor")
    with request.app.state.new_session() as session:
        row = get_row(session, BY_KEY["exports"], row_id)
        if not isinstance(row, Export):
            raise HTTPException(404, "There is no such export.")
        module = BY_KEY[row.scope]
        row.rows = count_rows(session, row.scope)
        row.made_at = datetime.now(UTC).replace(tzinfo=None)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["id", *module.shown])
        writer.writerows(as_dict(module, item).values() for item in all_rows(session, module))
        describe(metadata={"rows": row.rows, "format": "csv"})
        session.commit()
    headers = {"Content-Disposition": f'attachment; filename="fleet-{module.key}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/jobs/v1/{key}/runs", name="StartJob")
def start_job(request: Request, key: str) -> Response:
    """Starts a job now; the person goes with it into the Tasks stream."""
    describe(operation="StartJob", category="job", targets=[{"type": "job", "id": key}])
    need_role(need_caller(request), "editor")
    if not request.app.state.background.start_now(key):
        raise HTTPException(404, f"There is no job {key}.")
    return RedirectResponse("/", 303)


for _module in MODULES:
    # Last, so that the fixed paths above win over `{row_id}`.
    _add_pages(_module)
