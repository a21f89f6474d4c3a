"""Create, edit and delete rows of any module: the one place that pages, API and jobs go through."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fleet.models import Approval, Base, Export, new_id
from fleet.modules import BY_KEY, Module, WrongInput, read_fields


def all_rows(session: Session, module: Module) -> list[Base]:
    """All rows, by name."""
    return list(session.scalars(select(module.model).order_by(module.model.name)))


def get_row(session: Session, module: Module, row_id: str) -> Base:
    """One row; 404 when there is none."""
    row = session.get(module.model, row_id)
    if row is None:
        raise HTTPException(404, f"There is no {module.one} {row_id}.")
    return row


def create_row(session: Session, module: Module, given: dict[str, Any], by: str) -> Base:
    """A new row; 422 when a field cannot be taken, 409 when it is there already."""
    row = module.model(id=new_id(module.model), **_read(module, given, partly=False))
    if isinstance(row, Approval):
        row.requested_by = by
    if isinstance(row, Export):
        row.rows = count_rows(session, row.scope)
    session.add(row)
    _commit(session, module)
    return row


def update_row(session: Session, module: Module, row_id: str, given: dict[str, Any]) -> Base:
    """Changes the fields that are given."""
    row = get_row(session, module, row_id)
    for key, value in _read(module, given, partly=True).items():
        setattr(row, key, value)
    _commit(session, module)
    return row


def delete_row(session: Session, module: Module, row_id: str) -> None:
    """Removes a row."""
    session.delete(get_row(session, module, row_id))
    _commit(session, module)


def decide(session: Session, row_id: str, state: str, by: str) -> Base:
    """Approves or rejects a request; 409 when it is decided already, 403 for one's own."""
    row = get_row(session, BY_KEY["approvals"], row_id)
    if not isinstance(row, Approval) or row.state != "requested":
        raise HTTPException(409, "This request is decided already.")
    if row.requested_by == by:
        raise HTTPException(403, "Somebody else has to decide on your own request.")
    row.state = state
    row.decided_by = by
    session.commit()
    return row


def count_rows(session: Session, scope: str) -> int:
    """How many rows an export of this data has."""
    return session.scalar(select(func.count()).select_from(BY_KEY[scope].model)) or 0


def as_dict(module: Module, row: Base) -> dict[str, Any]:
    """A row as JSON: id and what the list shows."""
    return {"id": row.id, **{key: getattr(row, key) for key in module.shown}}


def _read(module: Module, given: dict[str, Any], *, partly: bool) -> dict[str, Any]:
    try:
        return read_fields(module, given, partly=partly)
    except WrongInput as error:
        raise HTTPException(422, f"{error}.") from None


def _commit(session: Session, module: Module) -> None:
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        raise HTTPException(409, f"There is such a {module.one} already.") from None
