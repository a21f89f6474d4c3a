"""What the service says of its SCIM: what it can do, its resource types and their schemas."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    ListResponse,
    Meta,
    Patch,
    Required,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
)

from indelible.errors import NotFound
from indelible.server.web.scim.resources import Group, User
from indelible.server.web.scim.search import MOST_RESULTS

MODELS: Final = (User, Group)


@lru_cache(maxsize=16)
def config(base: str) -> bytes:
    """ServiceProviderConfig."""
    said = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="API key of kind s",
                description="Made on the Keys page or with `indelible keys create --kind s`.",
                primary=True,
            )
        ],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{base}/ServiceProviderConfig"),
    )
    return _text(said)


@lru_cache(maxsize=64)
def resource_types(base: str, name: str | None) -> bytes:
    """ResourceTypes, all or one. Raises NotFound."""
    types = []
    for model in MODELS:
        one = ResourceType.from_resource(model)
        one.meta = Meta(resource_type="ResourceType", location=f"{base}/ResourceTypes/{one.id}")
        types.append(one)
    return _listed(ResourceType, types, name)


@lru_cache(maxsize=64)
def schemas(base: str, name: str | None) -> bytes:
    """Schemas, all or one. Raises NotFound."""
    found = []
    for model in MODELS:
        one = model.to_schema()
        _announce(one)
        one.meta = Meta(resource_type="Schema", location=f"{base}/Schemas/{one.id}")
        found.append(one)
    return _listed(Schema, found, name)


def _announce(schema: Schema) -> None:
    """
    Says what an account always has. Less is taken: the address from userName where that is one,
    and who is not said to be inactive is active.
    """
    for attribute in schema.attributes or ():
        if attribute.name in ("emails", "active"):
            attribute.required = Required.true
        for part in attribute.sub_attributes or ():
            if (attribute.name, part.name) == ("emails", "value"):
                part.required = Required.true


def _listed(kind: Any, all_of_them: list[Any], name: str | None) -> bytes:
    if name is not None:
        for one in all_of_them:
            if one.id == name:
                return _text(one)
        raise NotFound(f"there is no {name[:80]!r} here")
    reply = ListResponse[kind](
        total_results=len(all_of_them),
        start_index=1,
        items_per_page=len(all_of_them),
        resources=all_of_them,
    )
    return _text(reply)


def _text(said: Any) -> bytes:
    text: str = said.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    return text.encode()
