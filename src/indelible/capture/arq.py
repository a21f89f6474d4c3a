"""
arq: queued, started, and one end per attempt, in the name of who caused the job.

    functions = audited_functions(audit, [send_invoice, sync_groups])     # in WorkerSettings
    await enqueue(audit, pool, "send_invoice", 12)                         # for pool.enqueue_job

What travels lies in Redis beside the job, for as long as arq keeps a job.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import msgspec
from arq import ArqRedis, Retry
from arq.jobs import Job

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.ids import uuid7
from indelible.client.run import JobFacts, tell_job
from indelible.clock import SystemClock

_KEPT_S = 24 * 3600


async def enqueue(
    client: Indelible, pool: ArqRedis, function: str, *args: Any, **options: Any
) -> Job | None:
    """`pool.enqueue_job`, told, with the person who caused it."""
    chosen = options.pop("_job_id", None)
    job_id = chosen or UUID(uuid7(SystemClock().now_us(), os.urandom)).hex
    await pool.set(f"{KEY}:{job_id}", msgspec.json.encode(pack()), ex=_KEPT_S)
    job = await pool.enqueue_job(function, *args, _job_id=job_id, **options)
    if job is not None:
        facts = JobFacts(name=function, id=job_id, queue=options.get("_queue_name"))
        tell_job(client, facts, "queued")
    return job


def audited_functions(client: Indelible, functions: Iterable[Any]) -> list[Any]:
    """The worker's functions, each telling its runs."""
    return [_audited(client, function) for function in functions]


def _audited(client: Indelible, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def audited(ctx: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        job_id = ctx.get("job_id")
        carried: Any = {}
        try:
            found = await ctx["redis"].get(f"{KEY}:{job_id}")
            carried = msgspec.json.decode(found) if found else {}
        except Exception as error:  # noqa: BLE001 - the SDK guard
            client.swallow(error, "could not read who caused a job")
        facts = JobFacts(name=function.__qualname__, id=job_id, attempt=ctx.get("job_try") or 1)
        run = Run(client, facts, carried).begin()
        try:
            result = await function(ctx, *args, **kwargs)
        except Retry as again:
            run.retry(again)
            raise
        except BaseException as error:
            run.finish(error)
            raise
        run.succeed()
        return result

    return audited
