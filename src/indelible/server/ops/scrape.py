"""The service's state in the text form of Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from indelible.clock import US_PER_S, Clock
from indelible.server.index import IndexProcess
from indelible.server.ledger import Ledger
from indelible.server.ops.disk import Disk
from indelible.server.ops.metrics import Ingested, Metrics

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Scrape(Collector):
    """Reads counters and state when it is asked. Call `render` off the event loop."""

    def __init__(
        self,
        metrics: Metrics,
        ledger: Ledger,
        index: IndexProcess,
        disk: Disk,
        clock: Clock,
        version: str,
    ) -> None:
        self._metrics = metrics
        self._ledger = ledger
        self._index = index
        self._disk = disk
        self._clock = clock
        self._version = version
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """All metrics, of all tenants: for who runs the service."""
        return generate_latest(self._registry)

    def render_tenant(self, tenant_id: int) -> bytes:
        """
        What a tenant may know. Where it is not alone, the numbers of the whole service would tell
        what others do.
        """
        if len(self._ledger.tenants()) == 1:
            return self.render()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_OfTenant(self, tenant_id))
        return generate_latest(registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is there is known when it is read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        yield from self._work()
        yield from self._ledger_state()
        yield from self.of_tenants(None)
        yield from self._index_state()
        yield from self._disk_state()

    def _work(self) -> Iterator[Metric]:
        yield self.info()
        counts = self._metrics
        sums = [sum(numbers) for numbers in zip(*list(counts.events.values()), strict=True)]
        events = CounterMetricFamily(
            "indelible_events", "Events that were sent over HTTP.", labels=["result"]
        )
        for result, count in zip(Ingested._fields, sums or Ingested(), strict=True):
            events.add_metric([result], count)
        yield events
        requests = HistogramMetricFamily(
            "indelible_request_seconds",
            "Time from a request to the end of its reply.",
            labels=["route", "method", "status"],
        )
        for (route, method, status), series in list(counts.requests.items()):
            requests.add_metric([route, method, str(status)], series.cumulative(), series.total)
        yield requests
        yield HistogramMetricFamily(
            "indelible_commit_seconds",
            "Time to seal and store one group of events, fsync included.",
            buckets=counts.commit_s.cumulative(),
            sum_value=counts.commit_s.total,
        )
        yield HistogramMetricFamily(
            "indelible_commit_events",
            "Events in one group.",
            buckets=counts.group_events.cumulative(),
            sum_value=counts.group_events.total,
        )

    def info(self) -> Metric:
        """Which version runs."""
        info = GaugeMetricFamily("indelible_info", "The running version.", labels=["version"])
        info.add_metric([self._version], 1)
        return info

    def of_tenants(self, tenant_id: int | None) -> Iterator[Metric]:
        """One series for each tenant, or those of one tenant."""
        events = CounterMetricFamily(
            "indelible_tenant_events",
            "Events that a tenant sent over HTTP.",
            labels=["tenant", "result"],
        )
        entries = GaugeMetricFamily(
            "indelible_tenant_entries", "Entries of a tenant's log.", labels=["tenant"]
        )
        unsigned = GaugeMetricFamily(
            "indelible_tenant_unsigned_entries",
            "Entries of it that no checkpoint covers yet.",
            labels=["tenant"],
        )
        behind = GaugeMetricFamily(
            "indelible_tenant_index_lag_entries",
            "Entries of it that the index does not have.",
            labels=["tenant"],
        )
        through = self._index.status().indexed_through
        for tenant in self._ledger.tenants():
            if tenant_id not in (None, tenant.id):
                continue
            counts = self._metrics.events.get(tenant.id, Ingested())
            for result, count in zip(Ingested._fields, counts, strict=True):
                events.add_metric([tenant.name, result], count)
            size = self._ledger.size(tenant.id)
            checkpoint = self._ledger.reader.latest_checkpoint(tenant.id)
            signed = checkpoint.size if checkpoint else 0
            entries.add_metric([tenant.name], size)
            unsigned.add_metric([tenant.name], max(0, size - signed))
            behind.add_metric([tenant.name], max(0, size - through.get(tenant.id, 0)))
        yield from (events, entries, unsigned, behind)

    def _ledger_state(self) -> Iterator[Metric]:
        size = unsigned = 0
        newest_us: int | None = None
        for tenant in self._ledger.tenants():
            entries = self._ledger.size(tenant.id)
            checkpoint = self._ledger.reader.latest_checkpoint(tenant.id)
            size += entries
            unsigned += entries - (checkpoint.size if checkpoint else 0)
            if checkpoint is not None:
                newest_us = max(newest_us or 0, checkpoint.time_us)
        yield _gauge(
            "indelible_queued_events", "Events that wait for a commit.", self._ledger.queued_events
        )
        yield _gauge("indelible_ledger_entries", "Entries of all logs.", size)
        yield _gauge(
            "indelible_unsigned_entries", "Entries that no checkpoint covers yet.", unsigned
        )
        if newest_us is not None:
            age_s = (self._clock.now_us() - newest_us) / US_PER_S
            yield _gauge(
                "indelible_checkpoint_age_seconds",
                "Since the newest checkpoint; grows while nothing is stored.",
                max(0.0, age_s),
            )

    def _index_state(self) -> Iterator[Metric]:
        status = self._index.status()
        up = status.state in ("ready", "catching_up")
        yield _gauge("indelible_index_up", "Whether the search index answers.", up)
        yield _gauge(
            "indelible_index_lag_entries", "Entries the index does not have.", status.lag_entries
        )
        yield _gauge(
            "indelible_index_lag_seconds", "Age of the oldest entry it does not have.", status.lag_s
        )
        restarts = CounterMetricFamily(
            "indelible_index_restarts", "How often the index process was started again."
        )
        restarts.add_metric([], self._index.restarts)
        yield restarts
        resident = resident_bytes(self._index.pid)
        if resident is not None:
            yield _gauge(
                "indelible_index_resident_memory_bytes", "Memory of the index process.", resident
            )

    def _disk_state(self) -> Iterator[Metric]:
        try:
            use = self._disk.use()
        except OSError:
            return  # the next scrape may see it again; the rest is worth having
        parts = GaugeMetricFamily(
            "indelible_disk_used_bytes", "Size of the data folder's parts.", labels=["part"]
        )
        for part, size in (("ledger", use.ledger), ("control", use.control), ("index", use.index)):
            parts.add_metric([part], size)
        yield parts
        yield _gauge("indelible_disk_free_bytes", "Free on the data folder's disk.", use.free)


class _OfTenant(Collector):
    """The part of a scrape that a tenant may see."""

    def __init__(self, scrape: Scrape, tenant_id: int) -> None:
        self._scrape = scrape
        self._tenant_id = tenant_id

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        yield self._scrape.info()
        yield from self._scrape.of_tenants(self._tenant_id)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def resident_bytes(pid: int | None) -> int | None:
    """Memory of a process as the kernel counts it; None where there is no /proc or process."""
    if pid is None:
        return None
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123 - no path arithmetic
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None
