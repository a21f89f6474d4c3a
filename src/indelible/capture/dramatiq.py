"""
Dramatiq: queued, started, and one end per attempt, in the name of who caused the message.

    capture_dramatiq(broker, audit)

Call it in the product and in the worker, before actors are declared.
"""

from __future__ import annotations

from typing import Any

import dramatiq
from dramatiq.middleware import Retries

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job


def capture_dramatiq(broker: dramatiq.Broker, client: Indelible) -> None:
    """Adds the middleware at its place: outside of the one that decides about retries."""
    has_retries = any(isinstance(one, Retries) for one in broker.middleware)
    broker.add_middleware(AuditMiddleware(client), **({"before": Retries} if has_retries else {}))


class AuditMiddleware(dramatiq.Middleware):
    """Runs of this process wait here, by message, until they are over."""

    def __init__(self, client: Indelible) -> None:
        self._client = client
        self._runs: dict[str, Run] = {}

    def before_enqueue(self, broker: Any, message: Any, delay: Any) -> None:
        """What travels stays as it was when a retry is queued."""
        del broker, delay
        message.options.setdefault(KEY, pack())

    def after_enqueue(self, broker: Any, message: Any, delay: Any) -> None:
        """Told once, not at each retry."""
        del broker, delay
        if not message.options.get("retries"):
            try:
                tell_job(self._client, _facts(message), "queued")
            except Exception as error:  # noqa: BLE001 - the SDK guard
                self._client.swallow(error, "could not tell a message")

    def before_process_message(self, broker: Any, message: Any) -> None:
        """In the thread that runs the actor."""
        del broker
        run = Run(self._client, _facts(message), message.options.get(KEY))
        self._runs[message.message_id] = run.begin()

    def after_process_message(
        self, broker: Any, message: Any, *, result: Any = None, exception: Any = None
    ) -> None:
        """Called after the retries have decided whether the message has failed for good."""
        del broker, result
        run = self._runs.pop(message.message_id, None)
        if run is None:
            return
        if exception is None:
            run.succeed()
        elif message.failed:
            run.fail(exception)
        else:
            run.retry(exception)

    def after_skip_message(self, broker: Any, message: Any) -> None:
        """Too old, or skipped by another middleware."""
        del broker
        run = self._runs.pop(message.message_id, None)
        if run is not None:
            run.cancel("skipped")
        else:
            tell_job(self._client, _facts(message), "cancelled", reason="skipped")


def _facts(message: Any) -> JobFacts:
    return JobFacts(
        name=message.actor_name,
        id=message.message_id,
        attempt=int(message.options.get("retries") or 0) + 1,
        queue=message.queue_name,
    )
