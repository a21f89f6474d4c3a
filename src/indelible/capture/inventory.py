"""
What a product has that could be changed: routes of its application, models of its tables, jobs.

    inventory_of(app)            FastAPI, Starlette, Litestar, Flask, a Django project ("django")
    inventory_of(Base)           a declarative base of SQLAlchemy
    inventory_of(celery_app)     job systems, or a list of functions (`job_inventory`)

Each framework is imported only where its own object is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from indelible.capture.job_inventory import django_jobs, jobs_of
from indelible.errors import SettingsError

READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ANY = "*"


class Surface(msgspec.Struct, frozen=True, order=True):
    """A route (`POST`, `/groups/{group_id}`), a model (`group`) or a job that events can name."""

    kind: Literal["route", "model", "job"]
    name: str
    method: str = ANY

    def __str__(self) -> str:
        return f"{self.method if self.kind == 'route' else self.kind} {self.name}"


def inventory_of(thing: Any, *, reads: bool = False) -> list[Surface]:
    """
    What an application, a declarative base, a job system or the Django project in force has.

    Routes that only read are left out unless `reads`. Raises SettingsError for anything else.
    """
    if thing == "django":
        found = set(_django())
    elif hasattr(thing, "url_map"):
        found = set(_flask(thing))
    elif hasattr(thing, "registry") and hasattr(thing.registry, "mappers"):
        found = set(_sqlalchemy(thing))
    elif hasattr(thing, "route_handler_method_map"):
        found = set(_litestar(thing))
    elif hasattr(thing, "routes"):
        found = set(_starlette(thing.routes, ""))
    elif (jobs := jobs_of(thing)) is not None:
        found = {Surface("job", name) for name in jobs}
    else:
        raise SettingsError(
            f"{type(thing).__name__} is no application that we know",
            hint="an application, a declarative base, a job system, a list of functions, `django`",
        )
    return sorted(one for one in found if reads or one.method not in READS)


def _starlette(routes: Iterable[Any], prefix: str) -> Iterator[Surface]:
    for route in routes:
        path = prefix + str(getattr(route, "path_format", None) or getattr(route, "path", ""))
        inner = getattr(route, "routes", None)
        if inner:
            yield from _starlette(inner, path.removesuffix("/{path}"))
        elif getattr(route, "methods", None):
            yield from (Surface("route", path, method) for method in route.methods)


def _litestar(app: Any) -> Iterator[Surface]:
    for route in app.routes:
        for method in getattr(route, "methods", ()):
            yield Surface("route", route.path_format, str(method))


def _flask(app: Any) -> Iterator[Surface]:
    from indelible.capture.flask import template_of_rule

    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            for method in rule.methods or ():
                yield Surface("route", template_of_rule(rule.rule), method)


def _sqlalchemy(base: Any) -> Iterator[Surface]:
    for mapper in base.registry.mappers:
        model = mapper.class_
        if getattr(model, "__audit__", True) is not False:
            name = getattr(model, "__audit_type__", None) or model.__name__.lower()
            yield Surface("model", str(name))


def _django() -> Iterator[Surface]:
    import django
    from django.apps import apps
    from django.urls import get_resolver

    if not apps.ready:
        django.setup()
    from indelible.capture.django.conf import hook_settings
    from indelible.capture.django.rows import Rows

    rows = Rows(hook_settings().skip)
    for model in apps.get_models():
        if rows.wants(model) and not model._meta.proxy:
            yield Surface("model", rows.type_of(model))
    yield from _django_routes(get_resolver().url_patterns, "")
    packages = (one.name for one in apps.get_app_configs())
    yield from (Surface("job", name) for name in django_jobs(packages))


def _django_routes(patterns: Iterable[Any], prefix: str) -> Iterator[Surface]:
    from indelible.capture.django.middleware import template_of_route

    for entry in patterns:
        route = prefix + str(entry.pattern)
        inner = getattr(entry, "url_patterns", None)
        if inner is not None:
            yield from _django_routes(inner, route)
            continue
        view: Any = getattr(entry.callback, "view_class", None)
        verbs = ("post", "put", "patch", "delete")
        has = [verb.upper() for verb in verbs if callable(getattr(view, verb, None))]
        if view is None:
            has = [ANY]  # a function decides for itself
        yield from (Surface("route", template_of_route(route), method) for method in has)
