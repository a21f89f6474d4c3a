"""
RQ: queued, started, and one end per attempt, in the name of who caused the job.

    capture_rq(audit)

Call it in the product and in the worker. What travels with a job lies in its `meta`.
"""

from __future__ import annotations

import functools
from typing import Any

from rq import Queue, Worker
from rq.job import JobStatus
from rq.worker import BaseWorker

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job

_FLUSH_S = 5.0
_TRIES = "tries"  # how often it may be tried again, as it was when the job was made
_ORIGINAL = "__indelible_original__"


def capture_rq(client: Indelible) -> None:
    """Wraps RQ's queue and worker classes for the whole process; again it exchanges the client."""
    _wrap(Queue, "enqueue_job", functools.partial(_enqueue, client))
    for worker in {BaseWorker, Worker}:
        for name, around in _AROUND:
            if name in vars(worker):
                _wrap(worker, name, functools.partial(around, client))


def _enqueue(
    client: Indelible, original: Any, queue: Any, job: Any, *args: Any, **more: Any
) -> Any:
    try:
        is_retry = KEY in job.meta
        job.meta.setdefault(KEY, {**pack(), _TRIES: job.retries_left or 0})
    except Exception as error:  # noqa: BLE001 - the SDK guard
        client.swallow(error, "could not mark a job")
        is_retry = True
    made = original(queue, job, *args, **more)
    if not is_retry:
        try:
            tell_job(client, _facts(job, queue), "queued")
        except Exception as error:  # noqa: BLE001 - the SDK guard
            client.swallow(error, "could not tell a job")
    return made


def _perform(
    client: Indelible, original: Any, worker: Any, job: Any, queue: Any, *args: Any
) -> Any:
    run = Run(client, _facts(job, queue, worker), job.meta.get(KEY)).begin()
    worker.__dict__[KEY] = run
    try:
        if original(worker, job, queue, *args):
            run.succeed()
        else:
            run.fail("it did not succeed")
    except BaseException as error:
        run.fail(error)
        raise
    finally:
        worker.__dict__.pop(KEY, None)
        # The process of this job ends without exit hooks.
        client.flush(_FLUSH_S)
    return run.state == "succeeded"


def _note_error(
    client: Indelible, original: Any, worker: Any, job: Any, *args: Any, **more: Any
) -> Any:
    run = worker.__dict__.get(KEY)
    text = more.get("exc_string") or next((one for one in args if isinstance(one, str)), "")
    last = text.strip().rpartition("\n")[2] or "failed"  # the line that names the error
    if isinstance(run, Run):
        _fail(run, job, last)
    else:
        # The worker's parent speaks for a child that was killed, stopped or lost.
        try:
            queue = more.get("queue") or next((one for one in args if isinstance(one, Queue)), None)
            run = Run(client, _facts(job, queue, worker), job.meta.get(KEY))
            if getattr(worker, "_stopped_job_id", None) == job.id:
                run.cancel("stopped while running")
            else:
                _fail(run, job, last.rstrip("; "))
        except Exception as error:  # noqa: BLE001 - the SDK guard
            client.swallow(error, "could not tell the end of a job")
    return original(worker, job, *args, **more)


def _fail(run: Run, job: Any, why: str) -> None:
    if job.retries_left:
        run.retry(why)
    else:
        run.fail(why)


def _note_retry(
    client: Indelible, original: Any, worker: Any, job: Any, *args: Any, **more: Any
) -> Any:
    """For a job that returns RQ's Retry instead of raising."""
    del client
    done = original(worker, job, *args, **more)
    run = worker.__dict__.get(KEY)
    if isinstance(run, Run):
        if job.get_status(refresh=False) == JobStatus.FAILED:
            run.fail("it asked to be tried again too often")
        else:
            run.retry("it asked to be tried again")
    return done


_AROUND = (
    ("perform_job", _perform),
    ("handle_job_failure", _note_error),
    ("handle_job_retry", _note_retry),
)


def _facts(job: Any, queue: Any, worker: Any = None) -> JobFacts:
    # RQ counts down the attempts after an error, and up those that a job asked for itself.
    tries = (job.meta.get(KEY) or {}).get(_TRIES) or 0
    used = max(0, int(tries) - (job.retries_left or 0))
    asked = int(getattr(job, "number_of_retries", None) or 0)
    return JobFacts(
        name=str(job.func_name),
        id=job.id,
        attempt=used + asked + 1,
        queue=getattr(queue, "name", None),
        worker=getattr(worker, "name", None),
    )


def _wrap(owner: type, name: str, around: Any) -> None:
    original = getattr(owner, name)
    original = getattr(original, _ORIGINAL, original)

    @functools.wraps(original)
    def wrapped(self: Any, *args: Any, **more: Any) -> Any:
        return around(original, self, *args, **more)

    setattr(wrapped, _ORIGINAL, original)
    setattr(owner, name, wrapped)
