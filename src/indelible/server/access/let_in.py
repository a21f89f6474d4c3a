"""Who is let in of those whom somebody else vouches for, and with which role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from indelible.errors import Denied


class NotLetIn(Denied):
    """The provider knows somebody whom this service does not let in."""

    code = "not-let-in"


class WeakLogin(NotLetIn):
    """A login at the provider that is not enough for the role."""

    code = "weak-login"

    def __init__(self, role: str) -> None:
        super().__init__(
            f"the role {role} needs a stronger login at the identity provider",
            hint="with a second factor, for example; oidc.demands says which",
        )


def is_enough(role: str, grades: tuple[str, ...], demands: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a login with these values of acr and amr is enough for a role."""
    wanted = demands.get(role)
    return wanted is None or not set(wanted).isdisjoint(grades)


_RANK: Final = ("viewer", "auditor", "admin")


def role_of(groups: tuple[str, ...], roles: Mapping[str, str], default: str) -> str | None:
    """The role that may most of those of the groups; None keeps somebody out."""
    found = [roles[group] for group in groups if group in roles]
    if found:
        return max(found, key=_RANK.index)
    return None if default == "none" else default
