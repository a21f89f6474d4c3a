"""The OpenAPI 3.1 document, made from the route table: what is served is what is documented."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from indelible.server.web.problem import MEDIA, SCIM_MEDIA, Problem, ScimProblem
from indelible.server.web.route import Api, Param

_REF = "#/components/schemas/{name}"
_PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
_WORDS = {
    400: "The request is wrong",
    401: "No valid key or login",
    403: "Not allowed",
    404: "There is no such thing",
    408: "The body did not come in time; nothing was stored",
    409: "Does not fit the present state",
    412: "Changed meanwhile",
    413: "Too large",
    415: "A content type or encoding that is not read",
    422: "Well formed, but nothing of it can be used",
    429: "Too many attempts",
    503: "Not now; nothing was stored",
}

DESCRIPTION = (
    "Audit log that can prove nothing was changed, added or left out.\n\n"
    "Machines send `Authorization: Bearer <API key>`; browsers have a session cookie, and send"
    " `X-CSRF-Token` with what changes something. Times are RFC 3339 in UTC. Errors are"
    " `application/problem+json`."
)


def openapi(routes: Iterable[Api], *, version: str, base: str) -> dict[str, Any]:
    """The document; `base` is the address prefix of all paths."""
    documented = [api for api in routes if api.in_document]
    types = [kind for api in documented for kind in (api.body, api.reply) if _is_type(kind)]
    unique = list(dict.fromkeys([*types, Problem, ScimProblem]))
    schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
    schema_of = dict(zip(unique, schemas, strict=True))

    names: dict[str, int] = {}
    paths: dict[str, dict[str, Any]] = {}
    for api in documented:
        operations = paths.setdefault(_PLACEHOLDER.sub(r"{\1}", api.path), {})
        operation = _operation(api, schema_of)
        name = operation["operationId"]
        # A handler of two paths (the log with and without a tenant) is named twice.
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            operation["operationId"] = f"{name}_{names[name]}"
        operations[api.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Indelible",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(api.tag for api in documented)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "ind_<kind>_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-indelible"},
            },
        },
    }


def _operation(api: Api, schema_of: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": api.summary,
        "operationId": operation_id(api),
        "tags": [api.tag],
        "security": [] if api.permit is None else [{"key": []}, {"session": []}],
    }
    if api.description:
        operation["description"] = api.description
    if api.permit is not None:
        operation["x-permission"] = api.permit
    parameters = [_parameter(param, api) for param in api.params]
    if parameters:
        operation["parameters"] = parameters
    if api.body is not None:
        content = {"schema": _schema(api.body, schema_of)}
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(api.body_media, content),
        }
    reply: dict[str, Any] = {"description": "Done" if api.reply is None else "The answer"}
    if api.reply is not None or api.reply_media != "application/json":
        reply["content"] = {
            api.reply_media: {"schema": _schema(api.reply, schema_of)} if api.reply else {}
        }
    error = (
        {SCIM_MEDIA: {"schema": schema_of[ScimProblem]}}
        if api.speaks_scim
        else {MEDIA: {"schema": schema_of[Problem]}}
    )
    refused = {str(status): {**reply, "description": _WORDS[status]} for status in api.refused}
    operation["responses"] = (
        {str(api.status): reply}
        | refused
        | {
            str(status): {
                "description": _WORDS.get(status, "Error"),
                "content": error,
            }
            for status in api.errors
        }
    )
    return operation


def operation_id(api: Api) -> str:
    """A name for generated clients: the handler's."""
    return str(getattr(api.handler, "__name__", f"{api.method} {api.path}"))


def _parameter(param: Param, api: Api) -> dict[str, Any]:
    in_path = param.name in path_names(api)
    (schema,), _ = msgspec.json.schema_components([param.type], ref_template=_REF)
    shown: dict[str, Any] = {
        "name": param.name,
        "in": "path" if in_path else "query",
        "required": in_path or param.required,
        "description": param.description,
        "schema": schema,
    }
    if param.example is not None:
        shown["example"] = param.example
    return shown


def path_names(api: Api) -> list[str]:
    """The names of the placeholders in a route's path."""
    return [match[1] for match in _PLACEHOLDER.finditer(api.path)]


def _is_type(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, dict)


def _schema(kind: Any, schema_of: dict[Any, Any]) -> Any:
    return kind if isinstance(kind, dict) else schema_of[kind]
