"""
The modules of fleet as a table: one row gives a module its pages, its JSON endpoints, its fields,
and the names that its acts have in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fleet.models import Approval, Base, Dashboard, Export, Group, Profile, User, Workflow


class WrongInput(ValueError):
    """A field that cannot be taken as it is; the message is for people."""


@dataclass(frozen=True)
class Field:
    """One field of a form. `choices` makes it a list, `number` a number."""

    key: str
    label: str
    choices: tuple[str, ...] = ()
    number: bool = False
    required: bool = False

    def read(self, text: str) -> Any:
        """The value of this field; raises WrongInput."""
        text = text.strip()
        if self.required and not text:
            raise WrongInput(f"{self.label} is empty")
        if len(text) > 120:
            raise WrongInput(f"{self.label} is longer than 120 characters")
        if self.choices and text not in self.choices:
            raise WrongInput(f"{self.label} is one of {', '.join(self.choices)}")
        if not self.number:
            return text
        if not text.isdecimal():
            raise WrongInput(f"{self.label} is a whole number")
        return int(text)


@dataclass(frozen=True)
class Module:
    """One module: where it is, what it holds, and how its acts are called."""

    key: str
    path: str
    title: str
    one: str
    hint: str
    model: type[Base]
    category: str
    fields: tuple[Field, ...]
    create: str
    update: str
    delete: str
    write_role: str = "editor"
    columns: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of the list: the fields, and what only fleet sets."""
        return (*(field.key for field in self.fields), *self.columns)


NAME = Field("name", "Name", required=True)
REGIONS = ("north", "south", "east", "west")
VISIBILITY = ("private", "team", "public")
ROLES = ("viewer", "editor", "admin")

MODULES: tuple[Module, ...] = (
    Module(
        key="groups",
        path="/groups/v2",
        title="Groups",
        one="group",
        hint="Assets that belong together.",
        model=Group,
        category="data",
        fields=(NAME, Field("region", "Region", REGIONS), Field("assets", "Assets", number=True)),
        create="CreateGroup",
        update="UpdateGroup",
        delete="DeleteGroup",
    ),
    Module(
        key="dashboards",
        path="/dashboards/v1",
        title="Dashboards",
        one="dashboard",
        hint="Pages of widgets over live data.",
        model=Dashboard,
        category="configuration",
        fields=(
            NAME,
            Field("widgets", "Widgets", number=True),
            Field("visibility", "Visible to", VISIBILITY),
        ),
        create="CreateDashboard",
        update="UpdateDashboard",
        delete="DeleteDashboard",
    ),
    Module(
        key="workflows",
        path="/workflows/v2",
        title="Workflows",
        one="workflow",
        hint="What happens by itself when something else happened.",
        model=Workflow,
        category="configuration",
        fields=(
            NAME,
            Field("trigger", "When", ("arrival", "departure", "fault", "schedule")),
            Field("state", "State", ("draft", "active", "paused")),
        ),
        create="CreateWorkflow",
        update="UpdateWorkflow",
        delete="DeleteWorkflow",
    ),
    Module(
        key="users",
        path="/users/v3",
        title="Users and roles",
        one="user",
        hint="Who may do what. Only administrators change this page.",
        model=User,
        category="access",
        fields=(NAME, Field("email", "E-mail", required=True), Field("role", "Role", ROLES)),
        create="CreateUser",
        update="UpdateUser",
        delete="DeleteUser",
        write_role="admin",
    ),
    Module(
        key="profiles",
        path="/profiles/v3/share-details",
        title="Sharing profiles",
        one="sharing profile",
        hint="Who outside a team may see what.",
        model=Profile,
        category="sharing",
        fields=(
            NAME,
            Field("visibility", "Visible to", VISIBILITY),
            Field("shared_with", "Shared with"),
        ),
        create="CreateDetailsSharingProfile",
        update="UpdateDetailsSharingProfile",
        delete="DeleteDetailsSharingProfile",
    ),
    Module(
        key="approvals",
        path="/approvals/v1",
        title="Approvals",
        one="approval request",
        hint="Ask for something; an administrator other than you decides.",
        model=Approval,
        category="approval",
        fields=(
            NAME,
            Field("kind", "Kind", ("access", "purchase", "decommission")),
            Field("reason", "Reason", required=True),
        ),
        create="RequestApproval",
        update="UpdateApprovalRequest",
        delete="WithdrawApprovalRequest",
        write_role="viewer",
        columns=("state", "requested_by", "decided_by"),
    ),
    Module(
        key="exports",
        path="/reports/v1/exports",
        title="Data exports",
        one="export",
        hint="Take data out as CSV. Every download leaves an event.",
        model=Export,
        category="export",
        fields=(NAME, Field("scope", "Data", ("groups", "dashboards", "workflows", "users"))),
        create="CreateExport",
        update="UpdateExport",
        delete="DeleteExport",
        columns=("rows",),
    ),
)
BY_KEY = {module.key: module for module in MODULES}


def read_fields(module: Module, given: dict[str, Any], *, partly: bool = False) -> dict[str, Any]:
    """
    The values for a row, checked. With `partly` only those given are read.

    Raises:
        WrongInput: a field is missing, unknown or cannot be taken.
    """
    known = {field.key for field in module.fields}
    for key in given:
        if key not in known:
            raise WrongInput(f"there is no field {key}")
    values = {}
    for field in module.fields:
        if field.key in given:
            values[field.key] = field.read(str(given[field.key]))
        elif field.required and not partly:
            raise WrongInput(f"{field.label} is empty")
    if "email" in values and "@" not in values["email"]:
        raise WrongInput("E-mail has no @")
    return values
