"""
Defaults of category, outcome and actor kind: the rule table of spec/event.md, as code.

The first matching row wins. Only the stream, method and operation are looked at, never text that
an end user could choose.
"""

from __future__ import annotations

import re
from functools import lru_cache

from indelible.event.model import ActorKind, Outcome, Stream

# (category, pattern on the method, pattern on the operation); a row matches when either does.
CATEGORY_RULES: tuple[tuple[str, str | None, str | None], ...] = (
    (
        "authentication",
        r"^(UserLogin|LoginFailed|UserLogout|SessionExpired|Session|Password|Mfa|Totp|Passkey)",
        (
            r"(Login|Logout|LogIn|LogOut|SignIn|SignOut|SessionExpired|CloseSession|OpenSession"
            r"|Password|Mfa|MFA|Passkey)"
        ),
    ),
    ("approval", None, r"(Approv|Reject|Endorse)"),
    (
        "access",
        None,
        (
            r"(Role|Permission|Privilege|Grant|Revoke|AccessKey|ApiKey|Membership|Member$|Policy"
            r"|CreateUser|DeleteUser|InviteUser|DisableUser|EnableUser)"
        ),
    ),
    ("export", None, r"(Export|Download)"),
    ("sharing", None, r"(Shar(e|ing)|Unshare|Publish)"),
    ("configuration", None, r"(Config|Setting|Preference|Retention|Rule)"),
    ("integration", None, r"(Webhook|Integration|Import|Sync|Connector)"),
)

_COMPILED = tuple(
    (category, re.compile(method) if method else None, re.compile(operation) if operation else None)
    for category, method, operation in CATEGORY_RULES
)


@lru_cache(maxsize=4096)
def default_category(stream: Stream, method: str | None, operation: str) -> str:
    """The category of an event whose sender named none."""
    for category, on_method, on_operation in _COMPILED:
        if on_method is not None and method and on_method.search(method):
            return category
        if on_operation is not None and on_operation.search(operation):
            return category
    return "job" if stream == "task" else "data"


_OUTCOME_OF_METHOD: dict[str, Outcome] = {
    "LoginFailed": "failure",
    "UserLogin": "success",
    "UserLogout": "success",
    "SessionExpired": "success",
}
_OUTCOME_OF_STATE: dict[str, Outcome] = {"succeeded": "success", "failed": "failure"}


def default_outcome(status: int | None, method: str | None, job_state: str | None) -> Outcome:
    """
    From the status: below 400 success, 401 and 403 denied, other 4xx and 5xx failure (0 and 1xx
    unknown); without a status from the method or the state of the job; else unknown.
    """
    if status is not None:
        if 200 <= status < 400:
            return "success"
        if status in (401, 403):
            return "denied"
        return "failure" if status >= 400 else "unknown"
    if method in _OUTCOME_OF_METHOD:
        return _OUTCOME_OF_METHOD[method]
    return _OUTCOME_OF_STATE.get(job_state or "", "unknown")


def default_actor_kind(stream: Stream, *, known: bool) -> ActorKind:
    """From the stream; in the user stream an actor of whom nothing is known is anonymous."""
    if stream == "user":
        return "user" if known else "anonymous"
    return "system" if stream == "system" else "task"
