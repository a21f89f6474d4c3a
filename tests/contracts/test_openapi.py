"""The OpenAPI document and the routes say the same, both ways."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

from indelible.server.web.document import openapi, path_names
from indelible.server.web.reference import reference_page
from indelible.server.web.table import all_routes

ROUTES = all_routes()
DOCUMENT = openapi(ROUTES, version="1", base="/audit")


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


def plain(path: str) -> str:
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def test_every_route_is_documented_and_every_operation_is_served() -> None:
    served = {(api.method, plain(api.path)) for api in ROUTES if api.in_document}
    assert served == set(operations())
    assert len(ROUTES) == len({(api.method, api.path) for api in ROUTES})


def test_only_the_pages_of_the_description_are_left_out() -> None:
    # And what SCIM answers where there is nothing.
    left_out = {"/docs", "/docs/style.css", "/scim/v2/{rest:path}"}
    assert {api.path for api in ROUTES if not api.in_document} == left_out


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in operations().values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
    assert names <= set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("api", ROUTES, ids=lambda api: f"{api.method} {api.path}")
def test_parameters_and_permission(api: Any) -> None:
    if not api.in_document:
        return
    operation = operations()[api.method, plain(api.path)]
    in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
    assert in_path == set(path_names(api)), "every placeholder is described, and nothing else"
    assert operation.get("x-permission") == api.permit
    assert (operation["security"] == []) == (api.permit is None)
    assert inspect.getdoc(api.handler), "every handler says what it does"
    if api.permit is not None:
        assert {"401", "403"} <= set(operation["responses"])


def test_the_document_stands_on_its_own() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["servers"] == [{"url": "/audit"}]
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_the_readable_page_shows_all_of_it_without_script() -> None:
    page = reference_page(DOCUMENT)
    for method, path in operations():
        assert f"<code>{path}</code>" in page, method
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="{name}"' in page
    assert "<script" not in page
    assert "style=" not in page
    assert '<base href="/audit/">' in page
