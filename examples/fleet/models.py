"""The tables of fleet. What the audit log shows of a row follows from these classes alone."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All rows have an id that says what they are, and a name for people."""

    prefix = "x"

    id: Mapped[str] = mapped_column(String(20), primary_key=True, sort_order=-2)
    name: Mapped[str] = mapped_column(String(120), sort_order=-1)


class Group(Base):
    """Assets that belong together: a depot, a region."""

    __tablename__ = "group_"
    prefix = "g"
    region: Mapped[str] = mapped_column(default="north")
    assets: Mapped[int] = mapped_column(default=0)


class Dashboard(Base):
    """A page of widgets."""

    __tablename__ = "dashboard"
    prefix = "d"
    widgets: Mapped[int] = mapped_column(default=4)
    visibility: Mapped[str] = mapped_column(default="private")


class Workflow(Base):
    """What happens by itself when something else happened."""

    __tablename__ = "workflow"
    prefix = "w"
    trigger: Mapped[str] = mapped_column(default="arrival")
    state: Mapped[str] = mapped_column(default="draft")


class User(Base):
    """A person with an account. The password hash shows as a masked change."""

    __tablename__ = "user_"
    prefix = "u"
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="viewer")
    password_hash: Mapped[str] = mapped_column(default="")


class Profile(Base):
    """Who outside a team may see what."""

    __tablename__ = "profile"
    __audit_type__ = "sharing profile"
    prefix = "p"
    visibility: Mapped[str] = mapped_column(default="private")
    shared_with: Mapped[str] = mapped_column(default="")


class Approval(Base):
    """A request that somebody else has to decide."""

    __tablename__ = "approval"
    prefix = "a"
    kind: Mapped[str] = mapped_column(default="access")
    reason: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="requested")
    requested_by: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str | None] = mapped_column(default=None)


class Export(Base):
    """Data taken out of fleet."""

    __tablename__ = "export"
    prefix = "e"
    scope: Mapped[str] = mapped_column(default="groups")
    rows: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None] = mapped_column(default=None)


def new_id(model: type[Base]) -> str:
    """An id such as `g_4f2a9c`."""
    return f"{model.prefix}_{secrets.token_hex(3)}"
