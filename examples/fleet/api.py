"""The same modules as JSON, for keys in the header `X-API-Key` (and for people with a session)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from fleet.access import need_caller, need_role
from fleet.modules import BY_KEY, MODULES, Module
from fleet.rows import all_rows, as_dict, create_row, decide, delete_row, update_row
from indelible.client import describe

router = APIRouter(prefix="/api")

Given = Annotated[dict[str, Any], Body()]


def _add_endpoints(module: Module) -> None:
    def list_rows(request: Request) -> list[dict[str, Any]]:
        need_caller(request)
        with request.app.state.new_session() as session:
            return [as_dict(module, row) for row in all_rows(session, module)]

    def create(request: Request, given: Given) -> dict[str, Any]:
        describe(operation=module.create, category=module.category)
        caller = need_caller(request)
        need_role(caller, module.write_role)
        with request.app.state.new_session() as session:
            return as_dict(module, create_row(session, module, given, caller.name))

    def update(request: Request, row_id: str, given: Given) -> dict[str, Any]:
        describe(operation=module.update, category=module.category)
        need_role(need_caller(request), module.write_role)
        with request.app.state.new_session() as session:
            return as_dict(module, update_row(session, module, row_id, given))

    def delete(request: Request, row_id: str) -> None:
        describe(operation=module.delete, category=module.category)
        need_role(need_caller(request), module.write_role)
        with request.app.state.new_session() as session:
            delete_row(session, module, row_id)

    at = f"{module.path}/{{row_id}}"
    add = router.add_api_route
    add(module.path, list_rows, methods=["GET"], name=f"list_{module.key}")
    add(module.path, create, methods=["POST"], status_code=201, name=module.create)
    add(at, update, methods=["PATCH"], name=module.update)
    add(at, delete, methods=["DELETE"], status_code=204, name=module.delete)


@router.post("/approvals/v1/{row_id}/approve", name="ApproveRequest")
def approve(request: Request, row_id: str) -> dict[str, Any]:
    """Approves a request."""
    return _decide(request, row_id, "approved")


@router.post("/approvals/v1/{row_id}/reject", name="RejectRequest")
def reject(request: Request, row_id: str) -> dict[str, Any]:
    """Rejects a request."""
    return _decide(request, row_id, "rejected")


def _decide(request: Request, row_id: str, state: str) -> dict[str, Any]:
    describe(category="approval")
    caller = need_caller(request)
    need_role(caller, "admin")
    with request.app.state.new_session() as session:
        return as_dict(BY_KEY["approvals"], decide(session, row_id, state, caller.name))


for _module in MODULES:
    _add_endpoints(_module)
