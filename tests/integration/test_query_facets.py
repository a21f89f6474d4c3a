"""Facets, completion and the feed, against a plain count over the same events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.integration.plain_scan import matches, shape
from tests.integration.search_index import Entries, Running

from indelible.server.query.complete import complete, place_of
from indelible.server.query.facets import FACETS, Facets, count_facets
from indelible.server.query.feed import read_feed
from indelible.server.query.parse import parse_text
from indelible.server.query.reach import Reach
from indelible.server.query.stats import GROUPS

pytestmark = pytest.mark.timeout(300)
Event = dict[str, Any]


def _event(rng: random.Random) -> Event:
    def some(*values: Any) -> Any:
        return rng.choice(values)

    return {
        "operation": some("CreateGroup", "AssignRole", 'Odd "name" (x)'),
        "stream": some("user", "task"),
        "category": some("access", "data"),
        "method": some(None, "POST", "GET"),
        "endpoint": some(None, "/groups", "/groups/17", "/groups/18", "/Roles/9"),
        "status": some(None, 200, 201, 404, 500),
        "actor": {
            "kind": some("user", "task"), "id": some(None, "u_1"),
            "email": some(None, "ana@example.com", "ben@example.com"),
            "on_behalf_of": some(None, None, {"name": "Carl"}),
        },
        "origin": some(None, {"ip": some(None, "10.0.0.1", "2001:db8::1"), "device_id": "d 1"}),
        "targets": some(
            [], [{"type": "group", "id": "g_1"}], [{"id": "x"}, {"type": "group", "id": "g_2"}]
        ),
        "changes": some([], [{"path": "name", "before": 1, "after": 2}, {"path": "size"}]),
        "severity": some(None, "info"),
        "job": some(None, {"id": "j_1", "state": "failed", "queue": "q", "worker": "w 1"}),
        "context": some(None, {"source": "fleet-web", "request_id": f"r{rng.randrange(3)}"}),
    }  # fmt: skip


class Corpus:
    def __init__(self, running: Running, entries: Entries) -> None:
        self.running = running
        self.events = [{**shape(event), "index": index} for index, event in entries.events.items()]

    def facets(
        self, *fields: str, contains: str = "", limit: int = 50, **parameters: str
    ) -> Facets:
        filter_ = self.running.filter(**parameters)
        prepared = self.running.run(self.running.query.prepare(filter_))
        work = count_facets(self.running.index, prepared, fields, limit, contains)
        return self.running.run(work)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    data = tmp_path_factory.mktemp("facets")
    entries = Entries(data)
    rng = random.Random(5)
    entries.add(*(_event(rng) for _ in range(300)))
    running = Running(data)
    running.wait(entries.size)
    yield Corpus(running, entries)
    running.stop()


PLAIN: dict[str, Callable[[Event], list[Any]]] = {
    "actor": lambda e: [e["actor"]["email"] or e["actor"]["name"] or e["actor"]["id"]],
    "ip": lambda e: [(e["origin"] or {}).get("ip")],
    "device": lambda e: [(e["origin"] or {}).get("device_id")],
    "method": lambda e: [e["method"]],
    "operation": lambda e: [e["operation"]],
    "status": lambda e: [e["status"] and str(e["status"])],
    "status_class": lambda e: [e["status"] and f"{e['status'] // 100}xx"],
    "outcome": lambda e: [e["outcome"]],
    "category": lambda e: [e["category"]],
    "kind": lambda e: [e["actor"]["kind"]],
    "source": lambda e: [(e["context"] or {}).get("source")],
    "severity": lambda e: [e["severity"]],
    "behalf": lambda e: [(e["actor"]["on_behalf_of"] or {}).get("name")],
    "target_type": lambda e: list({t["type"] for t in e["targets"]}) or [None],
    "change": lambda e: [c["path"] for c in e["changes"]] or [None],
    "state": lambda e: [(e["job"] or {}).get("state")],
    "queue": lambda e: [(e["job"] or {}).get("queue")],
    "worker": lambda e: [(e["job"] or {}).get("worker")],
    "stream": lambda e: [e["stream"]],
}


@pytest.mark.parametrize("q", ["", "status:>=400 OR has:job", "operation:AssignRole"])
def test_facets_count_what_a_scan_counts(corpus: Corpus, q: str) -> None:
    tree = parse_text(q)
    chosen = [event for event in corpus.events if matches(event, tree)]
    fields = tuple(PLAIN)
    found: dict[str, Any] = {}
    for some in (fields[:10], fields[10:]):
        facets = corpus.facets(*some, q=q)
        assert facets.total == len(chosen)
        found.update({facet.field: facet for facet in facets.facets})
    for name, values_of in PLAIN.items():
        want = Counter(value for event in chosen for value in values_of(event))
        facet = found[name]
        assert {value.value: value.count for value in facet.values} == dict(want), name
        assert (facet.distinct, facet.others) == (len(want), 0)


def test_each_value_has_the_term_that_selects_just_it(corpus: Corpus) -> None:
    """Clicked, a facet's value gives as many events as it said; excluded, the others."""
    running, total = corpus.running, len(corpus.events)
    facets = corpus.facets(*(name for name in FACETS if name not in ("agent", "stream")))
    checked = 0
    for facet in facets.facets:
        for value in facet.values:
            if value.include is None or value.exclude is None:
                assert value.value is None
                continue
            # An event without a type of target, but with one, is no event without a target.
            if value.value is None and facet.field == "target_type":
                continue
            counts = [
                running.run(running.query.count(running.filter(q=term)))
                for term in (value.include, value.exclude)
            ]
            assert counts == [value.count, total - value.count], (facet.field, value)
            checked += 1
    assert checked > 40


def test_a_facet_is_searched_and_cut(corpus: Corpus) -> None:
    facet = corpus.facets("operation", contains="ROLE").facets[0]
    assert [value.value for value in facet.values] == ["AssignRole"]
    facets = corpus.facets("actor", limit=1)
    assert len(facets.facets[0].values) == 1
    assert facets.facets[0].others == facets.total - facets.facets[0].values[0].count
    assert corpus.facets("actor", q="nothing-like-this").facets[0].values == []
    groups = corpus.facets("endpoint", q='route:"/groups/{id}"').facets[0].values
    assert [value.value for value in groups] == ["/groups/{id}"]


def test_statistics_group_by_every_field(corpus: Corpus) -> None:
    running = corpus.running
    for name in GROUPS:
        stats = running.run(running.query.group(running.filter(), name, 100))
        assert stats.groups, name
        assert sum(group.count for group in stats.groups) >= stats.total == len(corpus.events)


def test_completion(corpus: Corpus) -> None:
    def at_end(text: str) -> Any:
        work = complete(corpus.running.index, Reach(tenant_id=1), place_of(text, len(text)), 20)
        return corpus.running.run(work)

    assert next(item.insert for item in at_end("ope").items) == "operation:"
    found = at_end("x -operation:ass")
    assert (found.kind, found.start, found.items[0].insert) == ("value", 2, "-operation:AssignRole")
    assert found.items[0].count == sum(e["operation"] == "AssignRole" for e in corpus.events)
    odd = at_end("operation:odd").items[0].insert
    assert odd == 'operation:"Odd \\"name\\" (x)"'
    assert parse_text(odd) is not None
    assert 'actor:"ana@example.com"' in [item.insert for item in at_end("ana").items]
    assert "failure" in [item.label for item in at_end("outcome:f").items]
    assert "changes" in [item.label for item in at_end("has:ch").items]
    assert [item.insert for item in at_end("status:(404 OR 50").items] == ["500"]
    assert at_end("nosuch:x").kind == "none"
    assert at_end("first:").items[0].insert == "first:ip"


def test_completion_counts_within_a_tab(corpus: Corpus) -> None:
    """Values and counts of the events of the stream and range alone, lists item by item."""

    def offered(text: str, **parameters: str) -> dict[str, int | None]:
        filter_ = corpus.running.filter(**parameters)
        work = complete(
            corpus.running.index, filter_.reach, place_of(text, len(text)), 20, only=filter_
        )
        return {item.label: item.count for item in corpus.running.run(work).items}

    chosen = [event for event in corpus.events if event["stream"] == "task"]
    want = Counter(event["operation"] for event in chosen)
    assert offered("operation:", stream="task") == dict(want)
    paths = Counter(change["path"] for event in chosen for change in event["changes"])
    assert offered("change.path:", stream="task") == dict(paths)
    assert offered("operation:", stream="task", from_="2001-01-01", to="2001-01-02") == {}


@pytest.mark.parametrize("q", ["", "status:404"])
def test_the_feed_skips_and_doubles_nothing(corpus: Corpus, q: str) -> None:
    running, after, found = corpus.running, -1, []
    for _ in range(100):
        prepared = running.run(running.query.prepare(running.filter(q=q)))
        feed = running.run(read_feed(running.index, prepared, after, 7))
        found += [event["index"] for event in feed.events]
        after = feed.next_after
        if not feed.more:
            break
    tree = parse_text(q)
    assert found == [event["index"] for event in corpus.events if matches(event, tree)]
    assert after == feed.indexed_through - 1
