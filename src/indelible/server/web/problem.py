"""Errors as `application/problem+json` (RFC 9457), with `code`, `detail`, `hint`, `request_id`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from indelible.codec import encode_json
from indelible.errors import (
    Error,
    InvalidPolicy,
    InvalidRequest,
    PolicyChanged,
    Pushback,
    TooManyAttempts,
)

MEDIA = "application/problem+json"
SCIM_MEDIA = "application/scim+json"
_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class PolicyFaultReply(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a policy."""

    category: str | None
    path: str | None
    detail: str


class MistakeReply(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a search, by name, and the values that its words need in any language."""

    kind: str
    values: dict[str, str]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error reply."""

    type: str = msgspec.field(default_factory=lambda: "about:blank")
    title: str
    status: int
    code: str
    detail: str | None = None
    hint: str | None = None
    request_id: str
    parameter: str | None = None
    position: int | None = None
    end: int | None = None
    expected: str | None = None
    mistake: MistakeReply | None = None
    # What is wrong with a policy, each with its category and field.
    faults: list[PolicyFaultReply] | None = None
    # Who saved meanwhile, when, and what.
    conflict: dict[str, Any] | None = None


def problem_response(error: Error, request_id: str) -> Response:
    """The reply for an error of the family."""
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, InvalidRequest):
        extra = {
            "parameter": error.parameter,
            "position": error.position,
            "end": error.end,
            "expected": error.expected,
        }
        if error.mistake is not None:
            kind, values = error.mistake
            extra["mistake"] = MistakeReply(kind=kind, values=values)
    if isinstance(error, InvalidPolicy):
        extra["faults"] = [PolicyFaultReply(**fault._asdict()) for fault in error.faults]
    if isinstance(error, PolicyChanged):
        extra["conflict"] = error.conflict
    if isinstance(error, Pushback | TooManyAttempts):
        headers["retry-after"] = str(error.retry_after_s)
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        headers["connection"] = "close"  # what still comes of the body is not read
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="indelible"'
    return _response(
        error.status,
        error.code,
        request_id,
        headers,
        detail=error.message,
        hint=error.hint,
        **extra,
    )


class ScimProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an error reply of SCIM (RFC 7644, section 3.12); `status` is text there."""

    schemas: list[str]
    status: str
    scimType: str | None = None  # noqa: N815 - as the standard spells it
    detail: str | None = None


def scim_response(error: Error) -> Response:
    """The reply for an error of the family, in the form of SCIM."""
    kind = error.code if error.code in _SCIM_TYPES else None
    detail = error.message if error.hint is None else f"{error.message} ({error.hint})"
    body = ScimProblem(
        schemas=[_SCIM_ERROR], status=str(error.status), scimType=kind, detail=detail
    )
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="indelible"'
    if isinstance(error, Pushback | TooManyAttempts):
        headers["retry-after"] = str(error.retry_after_s)
    return Response(
        encode_json(body), status_code=error.status, media_type=SCIM_MEDIA, headers=headers
    )


_SCIM_TYPES = frozenset(
    {
        "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath",
        "noTarget", "invalidValue", "invalidVers", "sensitive",
    }
)  # fmt: skip


def bug_response(request_id: str) -> Response:
    """The reply for anything else: no detail leaves the service, the log line has it."""
    return _response(
        500, "internal", request_id, {}, hint="the service's log has the request id and the cause"
    )


def plain_problem(status: int, code: str, detail: str, request_id: str, **headers: str) -> Response:
    """A reply for what no handler saw: unknown paths and methods."""
    return _response(status, code, request_id, headers, detail=detail)


def _response(
    status: int, code: str, request_id: str, headers: dict[str, str], **fields: Any
) -> Response:
    body = Problem(
        title=HTTPStatus(status).phrase, status=status, code=code, request_id=request_id, **fields
    )
    return Response(encode_json(body), status_code=status, media_type=MEDIA, headers=headers)
