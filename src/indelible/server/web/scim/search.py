"""Lists of SCIM: filter, order, page and choice of attributes, over what a tenant has."""

from __future__ import annotations

from typing import Any, Final

from scim2_models import Context, ListResponse, Resource, ResponseParameters, SearchRequest

from indelible.server.web.scim.resources import POLICY

MOST_RESULTS: Final = 200
_NAMES: Final = {
    "filter": "filter",
    "sortBy": "sort_by",
    "sortOrder": "sort_order",
    "startIndex": "start_index",
    "count": "count",
    "attributes": "attributes",
    "excludedAttributes": "excluded_attributes",
}


def read_search(kind: Any, query: dict[str, str]) -> SearchRequest[Any]:
    """What is asked for in the address of a list. Raises ValidationError, SCIMException."""
    asked = {name: query[name] for name in _NAMES if query.get(name, "") != ""}
    return SearchRequest[kind].model_validate(asked, scim_policy=POLICY)


def read_search_body(kind: Any, data: bytes) -> SearchRequest[Any]:
    """What is asked for in the body of a search."""
    return SearchRequest[kind].model_validate_json(
        data, scim_ctx=Context.SEARCH_REQUEST, scim_policy=POLICY
    )


def read_choice(kind: Any, query: dict[str, str]) -> ResponseParameters[Any]:
    """Which attributes of one resource are asked for."""
    asked = {n: query[n] for n in ("attributes", "excludedAttributes") if query.get(n, "") != ""}
    return ResponseParameters[kind].model_validate(asked, scim_policy=POLICY)


def page_of(asked: SearchRequest[Any], kind: Any, resources: list[Any]) -> bytes:
    """One page of what matches."""
    with POLICY:
        if asked.filter is not None:
            resources = [one for one in resources if asked.filter.match(one)]
        resources = asked.sort(resources)
    start = asked.start_index_0 or 0
    count = MOST_RESULTS if asked.count is None else min(asked.count, MOST_RESULTS)
    page = resources[start : start + count]
    reply = ListResponse[kind](
        total_results=len(resources),
        start_index=start + 1,
        items_per_page=len(page),
        resources=page,
    )
    text: str = reply.model_dump_json(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked
    )
    return text.encode()


def shown(resource: Resource[Any], choice: ResponseParameters[Any]) -> bytes:
    """One resource with the attributes that were asked for."""
    return resource.model_dump_json(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=choice
    ).encode()
