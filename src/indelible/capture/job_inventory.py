"""
The jobs that a product's job system knows, each by the name that its events have as endpoint.

Celery application, Dramatiq broker, taskiq broker, Huey, a scheduler of APScheduler, arq's
WorkerSettings, and, where a system keeps no list (RQ, `@audit.job`), a list of functions.
Nothing is imported from those systems: each is known by what its own object has.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from indelible.client.run import JOB_NAME


def jobs_of(thing: Any) -> Iterator[str] | None:
    """Names of the jobs, or None for what is no job system that we know."""
    if isinstance(thing, list | tuple | set | frozenset):
        return _functions(thing)
    for marks, names in _SYSTEMS:
        if all(hasattr(thing, mark) for mark in marks):
            return names(thing)
    return None


def django_jobs(packages: Iterable[str]) -> Iterator[str]:
    """
    Tasks of `django.tasks` in the modules of these applications; Django itself keeps no list.

    Each application's module `tasks` is imported, as other job systems do for Django.
    """
    try:
        from django.tasks import Task
    except ImportError:
        return
    from django.utils.module_loading import autodiscover_modules

    autodiscover_modules("tasks")
    ours = tuple(packages)
    for name, module in list(sys.modules.items()):
        if any(name == one or name.startswith(f"{one}.") for one in ours):
            for value in list(vars(module).values()):
                if isinstance(value, Task):
                    yield value.module_path


def _functions(functions: Iterable[Any]) -> Iterator[str]:
    for function in functions:
        # As RQ names it, or as the decorator was told.
        plain = f"{function.__module__}.{function.__qualname__}"
        yield getattr(function, JOB_NAME, None) or plain


def _celery(app: Any) -> Iterator[str]:
    app.loader.import_default_modules()  # those of `include` and `autodiscover_tasks`, as a worker
    app.finalize()
    return (name for name in app.tasks if not name.startswith("celery."))


def _dramatiq(broker: Any) -> Iterator[str]:
    return iter(broker.actors)


def _taskiq(broker: Any) -> Iterator[str]:
    return (task.task_name for task in broker.get_all_tasks().values())


def _huey(huey: Any) -> Iterator[str]:
    tasks = vars(huey._registry)["_registry"].values()
    return (f"{task.__module__}.{task.__name__}" for task in tasks)


def _apscheduler(scheduler: Any) -> Iterator[str]:
    return (str(job.func_ref or job.name) for job in scheduler.get_jobs())


def _arq(settings: Any) -> Iterator[str]:
    for one in [*settings.functions, *(getattr(settings, "cron_jobs", None) or ())]:
        function = getattr(one, "coroutine", one)
        yield one if isinstance(one, str) else inspect.unwrap(function).__qualname__


_SYSTEMS: tuple[tuple[tuple[str, ...], Callable[[Any], Iterator[str]]], ...] = (
    (("tasks", "loader", "send_task"), _celery),
    (("actors", "declare_actor"), _dramatiq),
    (("get_all_tasks", "kick"), _taskiq),
    (("_registry", "periodic_task"), _huey),
    (("get_jobs", "add_listener"), _apscheduler),
    (("functions",), _arq),
)
