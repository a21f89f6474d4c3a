"""The parts of a running service, as the composition root puts them together for the web layer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request

from indelible.clock import Clock
from indelible.errors import Denied, Pushback
from indelible.server.access.door import Access
from indelible.server.access.passwords import Passwords
from indelible.server.settings import Settings
from indelible.server.web.activity import Activity
from indelible.server.web.seats import Seats

MAX_QUEUED_EVENTS = 40_000

if TYPE_CHECKING:
    from indelible.server.access.oidc import Provider
    from indelible.server.embed.tokens import ViewerTokens
    from indelible.server.export.jobs import ExportJobs
    from indelible.server.index import IndexProcess, IndexStatus
    from indelible.server.ingest import Ingest
    from indelible.server.ingest.own import OwnAudit
    from indelible.server.ledger import Ledger, LedgerReader, Tenant
    from indelible.server.ops.disk import Disk
    from indelible.server.ops.metrics import Metrics
    from indelible.server.ops.scrape import Scrape
    from indelible.server.ops.selfcheck import SelfCheck
    from indelible.server.query import Query
    from indelible.server.retention.acts import Acts
    from indelible.server.retention.deletion import Deletions
    from indelible.server.retention.erasure import Erasures
    from indelible.server.retention.govern import Retention
    from indelible.server.retention.hold import Holds


@dataclass(frozen=True)
class Service:
    """One service on one data folder. Handlers find it as `request.app.state.service`."""

    version: str
    settings: Settings
    clock: Clock
    access: Access
    passwords: Passwords
    ledger: Ledger
    reader: LedgerReader
    ingest: Ingest
    index: IndexProcess
    query: Query
    own: OwnAudit
    tenants: dict[int, Tenant]
    closed: set[int]
    deletions: Deletions
    metrics: Metrics
    disk: Disk
    scrape: Scrape
    selfcheck: SelfCheck
    exports: ExportJobs
    viewer_tokens: ViewerTokens
    retention: Retention
    acts: Acts
    holds: Holds
    erasures: Erasures
    adopt: Callable[[], Awaitable[None]]
    oidc: Provider | None = None
    seats: Seats = field(default_factory=Seats)
    # One directory's change at a time: each is made of what the one before left.
    scim_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    activity: Activity = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "activity", Activity(self.reader))

    def tenant(self, tenant_id: int) -> Tenant:
        """
        A tenant of the ledger. Raises Denied for one that is deleted, Pushback for one that was
        added a moment ago.
        """
        if tenant_id in self.closed:
            raise Denied("this tenant is deleted", code="tenant-deleted")
        found = self.tenants.get(tenant_id)
        if found is None:
            raise Pushback("this tenant was added a moment ago", retry_after_s=1)
        return found

    async def know(self, tenant_id: int) -> None:
        """Takes up a tenant that was added a moment ago, before a link or key of it is used."""
        if tenant_id not in self.tenants:
            await self.adopt()
            self.tenant(tenant_id)

    def tenant_name(self, tenant_id: int) -> str:
        """The name of a tenant of the ledger."""
        return self.tenant(tenant_id).name

    def home_tenant(self) -> int:
        """The oldest tenant: in its log stands what belongs to no other, like failed logins."""
        return min(self.tenants)

    def sees_tenants(self, tenant_id: int) -> bool:
        """Whether a tenant sees to others: the first does, once there is another or was."""
        return tenant_id == self.home_tenant() and (len(self.tenants) > 1 or bool(self.closed))

    def tenant_for(self, name: str | None) -> int:
        """The tenant that a setting names, or the oldest. Names are checked at the start."""
        if name is None:
            return self.home_tenant()
        return next(one.id for one in self.tenants.values() if one.name == name)

    def index_status(self) -> IndexStatus:
        """State of the index; its texts, where they could tell of another tenant, are left out."""
        status = self.index.status()
        if len(self.tenants) > 1:
            return msgspec.structs.replace(status, detail=None, alerts=[])
        return status

    def can_store(self) -> bool:
        """Whether the ledger takes events now."""
        return not self.ledger.failed and self.ledger.queued_events < MAX_QUEUED_EVENTS

    def can_search(self) -> bool:
        """Whether the index answers, be it late."""
        return self.index.status().state in ("ready", "catching_up")


def service_of(request: Request) -> Service:
    """The service that answers this request."""
    service: Service = request.app.state.service
    return service
