"""The people, keys and rows that a new fleet begins with. All of it is invented."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fleet.models import Approval, Base, Dashboard, Group, Profile, User, Workflow

# Of every sample person; the login page fills it in.
PASSWORD = "depot-north-42"  # noqa: S105


@dataclass(frozen=True)
class Person:
    """A sample person: id, e-mail, name, role."""

    id: str
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class ApiKey:
    """A sample key. `kind` tells our own scripts from a partner's system."""

    id: str
    name: str
    kind: str
    text: str


PEOPLE = (
    Person("u_8841", "ana@meridian.example", "Ana Keller", "admin"),
    Person("u_8842", "j.osei@meridian.example", "Joseph Osei", "admin"),
    Person("u_8843", "m.lind@meridian.example", "Maria Lind", "admin"),
    Person("u_8844", "greta.holm@meridian.example", "Greta Holm", "editor"),
    Person("u_8845", "paul.nwosu@meridian.example", "Paul Nwosu", "editor"),
    Person("u_8846", "i.moreau@meridian.example", "Inês Moreau", "editor"),
    Person("u_8847", "tomas.brandt@meridian.example", "Tomáš Brandt", "viewer"),
    Person("u_8848", "lena.fischer@meridian.example", "Lena Fischer", "viewer"),
)
PERSON = {person.email: person for person in PEOPLE}

KEYS = (
    ApiKey("k_3f9a", "fleet-sync", "api_key", "fk_sample_fleet_sync_3f9a"),
    ApiKey("k_b71c", "billing-export", "api_key", "fk_sample_billing_export_b71c"),
    ApiKey("hr-sync.partner.example", "hr-sync.partner.example", "external", "fk_sample_hr_sync"),
)


def hash_password(password: str, salt: str) -> str:
    """A slow hash, so that the sample does not teach a bad habit."""
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**12, r=8, p=1).hex()


def fill(session: Session) -> None:
    """Puts the sample rows into an empty database."""
    rows: list[Base] = [
        User(
            id=person.id,
            email=person.email,
            name=person.name,
            role=person.role,
            password_hash=hash_password(PASSWORD, person.id),
        )
        for person in PEOPLE
    ]
    rows += [
        Group(id="g_101", name="Depot north", region="north", assets=212),
        Group(id="g_102", name="Depot south", region="south", assets=148),
        Group(id="g_103", name="Harbour cranes", region="west", assets=19),
        Dashboard(id="d_418", name="Arrivals today", widgets=6, visibility="team"),
        Dashboard(id="d_421", name="Faults by depot", widgets=4, visibility="private"),
        Workflow(id="w_77", name="Call a technician", trigger="fault", state="active"),
        Workflow(id="w_78", name="Weekly depot digest", trigger="schedule", state="active"),
        Profile(id="p_12", name="Depot north partners", visibility="team", shared_with="Kühne AG"),
        Profile(id="p_15", name="Insurer view", visibility="private", shared_with=""),
        Approval(
            id="a_9",
            name="Access to Harbour cranes",
            kind="access",
            reason="Covering for Paul",
            requested_by="greta.holm@meridian.example",
        ),
    ]
    session.add_all(rows)
    session.commit()
