"""
Users and groups as SCIM has them, made from accounts and read back.

Only what is kept is announced; what else a directory sends (telephones, managers, a password) is
dropped unread.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import Field
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Context,
    Meta,
    Mutability,
    PatchOp,
    Reference,
    Required,
    Resource,
    ScimPolicy,
    Uniqueness,
)
from scim2_models.urn import URN

from indelible.errors import InvalidRequest
from indelible.server.access.groups import Group as GroupRecord
from indelible.server.access.groups import WantedGroup
from indelible.server.access.people import read_email
from indelible.server.access.provisioning import Named, Provisioned, Wanted

# What directories are known to do otherwise than the standard says (Entra ID above all).
POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_LONGEST: Final = 256
_MOST_EMAILS: Final = 20
_US: Final = 1_000_000


class Name(ComplexAttribute):
    """The parts of somebody's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """One address; the primary one is the account's."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that somebody is in; changed through the group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """An account that can log in to this log. `userName` or the primary e-mail is its address."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """An account in a group, by its id."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )


class Group(Resource[Any]):
    """A group. The setting oidc.roles says which role it gives."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[Member] | None = None


def user_of(one: Provisioned, base: str) -> User:
    """An account as SCIM has it."""
    said = one.attributes is not None
    kept = one.attributes or {}
    user = User(
        id=one.id,
        external_id=one.external_id,
        user_name=one.user_name,
        name=Name.model_validate(kept["name"]) if "name" in kept else None,
        display_name=kept.get("displayName", None if said else one.name),
        active=one.active,
        emails=[Email.model_validate(email) for email in kept.get("emails", ())]
        or (None if said else [Email(value=one.email, primary=True)]),
        groups=[Membership(value=group.id, display=group.name) for group in one.groups] or None,
    )
    user.meta = _meta(user, "User", f"{base}/Users/{one.id}", one.created_us, one.changed_us)
    return user


def group_of(one: GroupRecord, base: str) -> Group:
    """A group as SCIM has it."""
    members = [_member(member, base) for member in one.members]
    group = Group(
        id=one.id, external_id=one.external_id, display_name=one.name, members=members or None
    )
    group.meta = _meta(group, "Group", f"{base}/Groups/{one.id}", one.created_us, one.changed_us)
    return group


def _member(one: Named, base: str) -> Member:
    return Member.model_validate({"value": one.id, "$ref": f"{base}/Users/{one.id}"})


def _meta(
    resource: Resource[Any], kind: str, location: str, created_us: int, changed_us: int
) -> Meta:
    content = resource.model_dump_json(exclude={"meta"}).encode()
    return Meta(
        resource_type=kind,
        location=location,
        created=datetime.fromtimestamp(created_us / _US, UTC),
        last_modified=datetime.fromtimestamp(changed_us / _US, UTC),
        version=f'W/"{hashlib.sha256(content).hexdigest()[:16]}"',
    )


def wanted_of(user: User) -> Wanted:
    """What a directory says of somebody. Raises InvalidRequest."""
    user_name = _line(user.user_name, "userName")
    if not user_name:
        raise InvalidRequest("userName is needed", code="invalidValue")
    if len(user.emails or ()) > _MOST_EMAILS:
        raise InvalidRequest(f"emails: at most {_MOST_EMAILS}", code="invalidValue")
    kept: dict[str, Any] = {}
    if user.display_name is not None:
        kept["displayName"] = _line(user.display_name, "displayName")
    if user.name is not None:
        parts = {
            "formatted": user.name.formatted,
            "familyName": user.name.family_name,
            "givenName": user.name.given_name,
        }
        kept["name"] = {k: _line(v, f"name.{k}") for k, v in parts.items() if v is not None}
    if user.emails:
        kept["emails"] = [_email(one) for one in user.emails]
    return Wanted(
        user_name=user_name,
        email=_address(user, user_name),
        name=_shown_name(user, user_name),
        external_id=_line(user.external_id, "externalId") or None,
        active=user.active is not False,
        attributes=kept,
    )


def _email(one: Email) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in (("value", one.value), ("type", one.type)):
        if value is not None:
            found[path] = _line(value, f"emails.{path}")
    if one.primary is not None:
        found["primary"] = one.primary
    return found


def _address(user: User, user_name: str) -> str:
    """The address of the account: the primary one, the one at work, the first, or the name."""
    emails = [one for one in user.emails or () if one.value]
    emails.sort(key=lambda one: (not one.primary, one.type != "work"))
    for text in (*(one.value for one in emails), user_name):
        try:
            return read_email(text or "")
        except InvalidRequest:
            continue
    raise InvalidRequest(
        "neither emails nor userName holds an e-mail address",
        hint="map the user principal name or the mail attribute to one of them",
        code="invalidValue",
    )


def _shown_name(user: User, user_name: str) -> str:
    name = user.name or Name()
    whole = " ".join(part for part in (name.given_name, name.family_name) if part)
    return (user.display_name or name.formatted or whole or user_name).strip()[:200] or user_name


def wanted_group_of(group: Group) -> WantedGroup:
    """What a directory says of a group. Raises InvalidRequest."""
    name = _line(group.display_name, "displayName")
    if not name:
        raise InvalidRequest("displayName is needed", code="invalidValue")
    members = [one.value for one in group.members or ()]
    return WantedGroup(
        name=name,
        external_id=_line(group.external_id, "externalId") or None,
        members=frozenset(value for value in members if value),
    )


def _line(text: str | None, path: str) -> str:
    found = (text or "").strip()
    if len(found) > _LONGEST or "\x00" in found:
        raise InvalidRequest(f"{path}: at most {_LONGEST} characters", code="invalidValue")
    return found


def read_user(data: bytes) -> User:
    """The user of a request that makes one."""
    return User.model_validate_json(
        data, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=POLICY
    )


def read_group(data: bytes) -> Group:
    """The group of a request that makes one."""
    return Group.model_validate_json(
        data, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=POLICY
    )


def replaced(before: Resource[Any], data: bytes) -> Any:
    """What a PUT makes of a resource."""
    after = type(before).model_validate_json(
        data, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY
    )
    with POLICY:
        after.replace(before)
    return after


def patched(before: Resource[Any], data: bytes) -> Any:
    """What a PATCH makes of a resource; `before` is changed in place."""
    kind: Any = type(before)
    patch = PatchOp[kind].model_validate_json(
        data, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
    )
    with POLICY:
        patch.patch(before)
    return before
