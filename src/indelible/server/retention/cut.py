"""Saves a reduction that a second person approved."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from indelible.clock import Clock, format_us
from indelible.errors import InvalidPolicy, InvalidRequest
from indelible.server.access.approvals import Approval
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.retention.edit import Edit, Next, day_text, edited
from indelible.server.retention.policies import Policies

log = logging.getLogger("indelible.retention")


class ApprovedCut:
    """What was asked for is applied to the newest policy; done twice it changes nothing."""

    def __init__(self, policies: Policies, own: OwnAudit, clock: Clock) -> None:
        self._policies = policies
        self._own = own
        self._clock = clock

    async def run(self, approval: Approval) -> None:
        """Saves it. One that the rules no longer allow comes to nothing, and an event says why."""
        edit = msgspec.convert(approval.act, Edit)
        event_id = self._own.new_id()

        def event(wanted: Next | None, index: int, why: str | None = None) -> dict[str, Any]:
            decider = approval.decider or approval.asker
            told: dict[str, Any] = {
                "approval": approval.id,
                "asked_by": approval.asker.id,
                "approved_by": decider.id,
                "index": index,
            }
            if why is not None:
                told["why"] = why
            if wanted is not None:
                told["version"] = wanted.policy.version
                told["effective_day"] = day_text(wanted.policy.effective_day)
            made = of_service(
                "UpdateRetention",
                event_id=event_id,
                occurred_at=format_us(self._clock.now_us()),
                metadata=told,
                outcome="success" if why is None else "failure",
            )
            made["targets"] = [{"type": "policy", "id": approval.target}]
            made["reason"] = approval.reason
            if wanted is not None:
                made["changes"] = [
                    {"path": f"{c.category}.{c.path}", "before": c.before, "after": c.after}
                    for c in wanted.changes
                ]
            return made

        try:
            await asyncio.to_thread(
                self._policies.save,
                approval.tenant_id,
                approval.asker,
                lambda standing, day: edited(standing, edit, day),
                event,
                base_version=None,
                reason=approval.reason,
            )
        except (InvalidPolicy, InvalidRequest) as error:
            log.warning("an approved change of retention no longer fits: %s", error.message)
            await self._own.record(approval.tenant_id, event(None, 0, error.message))
        await self._own.drain()
