"""Job systems, each with its own worker: what is told, in whose name, and one end per attempt."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.capture import jobs

from indelible.capture.coverage import Seen
from indelible.capture.inventory import inventory_of
from indelible.client import audit_context
from indelible.testing import MemoryAudit

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(60),
]

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}
SECRET = "token=hunter2hunter2"


@pytest.fixture
def as_ana() -> Iterator[None]:
    with audit_context(actor=ANA, request_id="r_1"):
        yield


def steps(audit: MemoryAudit) -> list[str]:
    return [event["method"] for event in audit.events if event["method"].startswith("Task")]


def check(audit: MemoryAudit, name: str) -> None:
    """What holds for every system: who, ids, endpoint, and no secret."""
    queued, *others = audit.events
    assert queued["method"] == "TaskQueued"
    assert queued["actor"] == ANA
    for event in others:
        assert event["actor"]["kind"] == "task"
        assert event["actor"]["on_behalf_of"] == ANA
        assert event["context"]["request_id"] == "r_1"
        assert event["job"]["id"] == queued["job"]["id"]
        assert event["stream"] == "task"
    assert all(event["endpoint"].endswith(name) for event in audit.events if "Task" in str(event))
    assert "hunter2" not in str(audit.events)


def covered(audit: MemoryAudit, system: Any) -> list[str]:
    """The jobs that coverage finds in a job system; each is named by what was recorded."""
    seen = Seen()
    for event in audit.events:
        seen.on_event(event)
    report = seen.report(inventory_of(system))
    assert (report.silent, report.untouched) == ([], [])
    return report.audited


def _leave_logging_alone(**_: Any) -> None:
    """Celery configures logging only where nobody else listens here."""


def test_celery(audit: MemoryAudit, as_ana: None) -> None:
    from celery import Celery
    from celery.contrib.testing.worker import start_worker
    from celery.signals import setup_logging

    from indelible.capture.celery import capture_celery

    setup_logging.connect(_leave_logging_alone)
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.task_default_queue = "shop"
    capture_celery(audit, arguments=True)

    @app.task(bind=True, max_retries=1)  # type: ignore[untyped-decorator]
    def flaky(self: Any, password: str) -> str:
        audit.record("Work", method="Inside")
        if not self.request.retries:
            raise self.retry(exc=ValueError(SECRET), countdown=0)
        raise ValueError(SECRET)

    @app.task  # type: ignore[untyped-decorator]
    def child() -> None:
        return None

    @app.task  # type: ignore[untyped-decorator]
    def parent() -> None:
        child.delay()

    with start_worker(app, pool="solo", perform_ping_check=False):
        failing = flaky.delay(password="hunter2")
        with pytest.raises(ValueError, match="token"):
            failing.get(timeout=20)
        while "TaskFailed" not in steps(audit):  # the result is there before the task is over
            time.sleep(0.01)
        check(audit, "flaky")
        assert steps(audit) == [
            "TaskQueued",
            "TaskStarted",
            "TaskRetried",
            "TaskStarted",
            "TaskFailed",
        ]
        assert [event["job"]["attempt"] for event in audit.events if "Task" in event["method"]] == [
            1,
            1,
            1,
            2,
            2,
        ]
        started = audit.take()[1]
        assert started["metadata"] == {"args": [], "kwargs": {"password": "[redacted]"}}
        parent.delay().get(timeout=20)
        while steps(audit).count("TaskSucceeded") < 2:
            time.sleep(0.01)
    audit.events.append(started)
    assert covered(audit, app) == [f"job {task.name}" for task in (child, flaky, parent)]
    by_name = {event["endpoint"].rpartition(".")[2]: event for event in audit.events}
    assert by_name["child"]["actor"]["on_behalf_of"] == ANA
    assert by_name["child"]["job"]["parent_id"] == by_name["parent"]["job"]["id"]
    assert by_name["child"]["job"]["root_id"] == by_name["parent"]["job"]["id"]


def test_dramatiq(audit: MemoryAudit, as_ana: None) -> None:
    import dramatiq
    from dramatiq.brokers.stub import StubBroker

    from indelible.capture.dramatiq import capture_dramatiq

    broker = StubBroker()
    capture_dramatiq(broker, audit)

    @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=1)
    def flaky() -> None:
        audit.record("Work", method="Inside")
        raise ValueError(SECRET)

    flaky.send()
    worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    try:
        broker.join(flaky.queue_name, timeout=20_000, fail_fast=False)
        worker.join()
    finally:
        worker.stop()
        broker.close()
    check(audit, "flaky")
    assert covered(audit, broker) == ["job flaky"]
    assert steps(audit) == [
        "TaskQueued",
        "TaskStarted",
        "TaskRetried",
        "TaskStarted",
        "TaskFailed",
    ]


def test_huey(audit: MemoryAudit, as_ana: None) -> None:
    from huey import MemoryHuey

    from indelible.capture.huey import capture_huey

    huey = MemoryHuey()
    capture_huey(huey, audit)

    @huey.task(retries=1)  # type: ignore[untyped-decorator]
    def flaky() -> None:
        audit.record("Work", method="Inside")
        raise ValueError(SECRET)

    flaky()
    while (task := huey.dequeue()) is not None:
        with audit_context(actor=None, request_id=None):
            huey.execute(task)
    check(audit, "flaky")
    assert steps(audit) == [
        "TaskQueued",
        "TaskStarted",
        "TaskRetried",
        "TaskStarted",
        "TaskFailed",
    ]
    assert covered(audit, huey) == [f"job {__name__}.flaky"]
    assert not [key for key in huey.storage._results if "indelible" in str(key)]


def test_rq(audit: MemoryAudit, as_ana: None, redis_url: str) -> None:
    from redis import Redis
    from rq import Queue, Retry, SimpleWorker

    from indelible.capture.rq import capture_rq

    capture_rq(audit)
    connection = Redis.from_url(redis_url)
    queue = Queue("shop", connection=connection)
    queue.enqueue("tests.capture.jobs.fail", SECRET, retry=Retry(max=1))
    queue.enqueue("tests.capture.jobs.succeed")
    SimpleWorker([queue], connection=connection).work(burst=True)
    connection.close()
    failing = [event for event in audit.events if "fail" in event["endpoint"]]
    assert [event["method"] for event in failing] == [
        "TaskQueued",
        "TaskStarted",
        "TaskRetried",
        "TaskStarted",
        "TaskFailed",
    ]
    assert [event["method"] for event in audit.events if "succeed" in event["endpoint"]] == [
        "TaskQueued",
        "TaskStarted",
        "TaskSucceeded",
    ]
    assert covered(audit, [jobs.fail, jobs.succeed]) == [
        "job tests.capture.jobs.fail",
        "job tests.capture.jobs.succeed",
    ]
    audit.events = failing
    check(audit, "fail")
    assert failing[-1]["reason"] == "ValueError: token=[redacted]"
    assert [event["job"]["attempt"] for event in failing] == [1, 1, 1, 2, 2]
    assert failing[-1]["job"]["queue"] == "shop"


def test_taskiq(audit: MemoryAudit, as_ana: None) -> None:
    from taskiq import InMemoryBroker, SimpleRetryMiddleware

    from indelible.capture.taskiq import AuditMiddleware

    async def run() -> None:
        broker = InMemoryBroker().with_middlewares(
            SimpleRetryMiddleware(default_retry_count=2), AuditMiddleware(audit)
        )

        @broker.task(retry_on_error=True)
        async def flaky() -> None:
            audit.record("Work", method="Inside")
            raise ValueError(SECRET)

        await broker.startup()
        await flaky.kiq()
        await broker.wait_all()
        await broker.shutdown()
        assert covered(audit, broker) == [f"job {flaky.task_name}"]

    asyncio.run(run())
    check(audit, "flaky")
    assert sorted(steps(audit)) == sorted(
        ["TaskQueued", "TaskStarted", "TaskRetried", "TaskStarted", "TaskFailed"]
    )


def test_arq(audit: MemoryAudit, as_ana: None, redis_url: str) -> None:
    from arq import Retry, create_pool
    from arq.connections import RedisSettings
    from arq.worker import Worker

    from indelible.capture.arq import audited_functions, enqueue

    async def flaky(ctx: dict[str, Any]) -> None:
        audit.record("Work", method="Inside")
        if ctx["job_try"] == 1:
            raise Retry(defer=0)
        raise ValueError(SECRET)

    flaky.__qualname__ = "flaky"  # arq finds functions by it

    async def run() -> None:
        settings = RedisSettings.from_dsn(redis_url)
        pool = await create_pool(settings)
        await enqueue(audit, pool, "flaky")
        worker = Worker(
            audited_functions(audit, [flaky]),
            redis_settings=settings,
            burst=True,
            poll_delay=0.01,
            handle_signals=False,
        )
        with audit_context(actor=None, request_id=None):
            await worker.main()
        await worker.close()
        await pool.aclose()

    asyncio.run(run())
    check(audit, "flaky")
    assert steps(audit) == [
        "TaskQueued",
        "TaskStarted",
        "TaskRetried",
        "TaskStarted",
        "TaskFailed",
    ]

    class WorkerSettings:
        functions = audited_functions(audit, [flaky])

    assert covered(audit, WorkerSettings) == ["job flaky"]


def test_apscheduler(audit: MemoryAudit) -> None:
    import threading

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from apscheduler.schedulers.background import BackgroundScheduler

    from indelible.capture.apscheduler import capture_apscheduler

    done = threading.Semaphore(0)

    def good() -> None:
        return None

    def bad() -> None:
        raise ValueError(SECRET)

    scheduler = BackgroundScheduler(timezone="UTC")
    capture_apscheduler(scheduler, audit)
    scheduler.add_listener(lambda event: done.release(), 4096 | 8192)
    scheduler.add_job(good, id="good")
    scheduler.add_job(bad, id="bad")
    scheduler.add_job(jobs.succeed, "cron", hour=3, id="nightly")
    scheduler.start()
    for _ in range(2):
        assert done.acquire(timeout=20)
    (nightly,) = inventory_of(scheduler)  # jobs that ran once are gone from it
    scheduler.modify_job("nightly", next_run_time=datetime.now(UTC))
    assert done.acquire(timeout=20)
    scheduler.shutdown()
    assert (nightly.kind, nightly.name) == ("job", "tests.capture.jobs:succeed")
    assert nightly.name in [event["endpoint"] for event in audit.events]
    by_job: dict[str, list[str]] = {}
    for event in audit.events:
        by_job.setdefault(event["job"]["root_id"], []).append(event["method"])
        assert event["actor"]["kind"] == "task"
    assert by_job == {
        "good": ["TaskStarted", "TaskSucceeded"],
        "bad": ["TaskStarted", "TaskFailed"],
        "nightly": ["TaskStarted", "TaskSucceeded"],
    }
    assert "hunter2" not in str(audit.events)
