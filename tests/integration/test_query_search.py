"""The standing differential test: whatever is searched for, the index finds what a scan finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.plain_scan import PARTS, contains, fields, has, matches, shape
from tests.integration.search_index import Entries, Running

from indelible.server.query.parse import parse_text

pytestmark = pytest.mark.timeout(300)

# Pieces that break naive search: escapes of LIKE, SQL, regular expressions and JSON; letters whose
# case folding changes length or comes from another script; our own control characters.
HARD = [
    "%", "_", "\\", "\\\\", "'", '"', "''", "--", ";", "/*", "{p0:String}", "\\x41", "[a-z]", ".*",
    "^", "$", "(?i)", "\\E", "\n", "\t", "\x00", "\x01", "\x02", "\x1e", "\x1f", "\ufffd", "ﬀ", "ß",
    "ẞ", "SS", "ss", "İ", "i̇", "ı", "I", "K", "k", "ſ", "s", "Ω", "ω", "Σ", "ς", "σ", "東京", "都",
    "ひらがな", "한국", "é", "e\u0301", "Ǆ", "ǆ", "😀", "\u200b", "\u202e", "\u00a0", "ﷺ", "NULL",
    "true", "0", "-1", "é".upper(), "naïve", "100%", "a_b", "C:\\dir\\n", "*", "?", "[",
]  # fmt: skip
IPS = ["10.0.0.255", "10.1.0.0", "2001:db8::7", "2001:DB8:1::7", "::1", "::ffff:10.0.0.3", "::"]
SEED = 20261123


def _text(rng: random.Random) -> str:
    return "".join(
        rng.choice(HARD) if rng.random() < 0.6 else rng.choice(["ab", "Xy", " ", "foo", "BAR-7"])
        for _ in range(rng.randrange(1, 5))
    )[:60]


def _value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(8 if depth < 2 else 6)
    if kind == 6:
        return {_text(rng): _value(rng, depth + 1) for _ in range(2)}
    if kind == 7:
        return [_value(rng, depth + 1) for _ in range(2)]
    return [None, True, rng.randrange(-500, 500), rng.random(), _text(rng), _text(rng)][kind]


def _event(rng: random.Random) -> dict[str, Any]:
    def maybe(make: Any) -> Any:
        return make() if rng.random() < 0.5 else None

    def text() -> str:
        return _text(rng)

    return {
        "operation": text() or "x",
        "stream": rng.choice(["user", "system", "task"]),
        "category": maybe(text),
        "method": maybe(text),
        "endpoint": maybe(
            lambda: rng.choice(["/groups/", "/a/b/", "/p/123456/"])
            + rng.choice(["17", "g_4", _text(rng), "{id}", "9f8e7d6c5b4a"])
        ),
        "status": maybe(lambda: rng.choice([200, 201, 403, 404, 500])),
        "actor": {
            "id": maybe(text),
            "email": maybe(lambda: rng.choice(["Ana@Example.com", "k@straße.de", _text(rng)])),
            "name": maybe(text),
            "on_behalf_of": maybe(lambda: {"id": maybe(text), "name": text()}),
        },
        "origin": maybe(
            lambda: {
                "ip": maybe(
                    lambda: rng.choice([*IPS, f"10.0.{rng.randrange(3)}.{rng.randrange(9)}"])
                ),
                "peer_ip": maybe(lambda: "2001:DB8::7"),
                "device_id": maybe(text),
                "user_agent": maybe(text),
            }
        ),
        "targets": [
            {"type": maybe(text), "id": maybe(text), "name": maybe(text)}
            for _ in range(rng.randrange(3))
        ],
        "changes": [
            {"path": text(), "before": _value(rng), "after": _value(rng)}
            for _ in range(rng.randrange(3))
        ],
        "context": maybe(
            lambda: {
                "request_id": maybe(text),
                "session_id": maybe(text),
                "trace_id": maybe(text),
                "source": maybe(text),
                "source_version": maybe(text),
                "source_seq": maybe(lambda: 7),
            }
        ),
        "job": maybe(
            lambda: {
                "id": maybe(text), "root_id": maybe(text), "parent_id": maybe(text),
                "state": "failed", "queue": maybe(text), "attempt": maybe(lambda: rng.randrange(3)),
                "duration_ms": maybe(lambda: rng.choice([0, 5, 5000, 70000])),
            }
        ),
        "severity": maybe(lambda: rng.choice(["info", "critical"])),
        "reason": maybe(text),
        "metadata": maybe(lambda: {_text(rng): _value(rng)}),
    }  # fmt: skip


class Corpus:
    def __init__(self, running: Running, entries: Entries) -> None:
        self.running = running
        self.events = {
            index: {**shape(event), "index": index} for index, event in entries.events.items()
        }

    def scan(self, test: Any) -> list[int]:
        return sorted((i for i, event in self.events.items() if test(event)), reverse=True)

    def search(self, q: str) -> list[int]:
        return sorted(self.running.find(q), reverse=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    data = tmp_path_factory.mktemp("search")
    entries = Entries(data)
    rng = random.Random(SEED)
    entries.add(*(_event(rng) for _ in range(600)))
    # Another tenant with the very same events: none of them may ever be found.
    other = Entries(data, tenant_id=2, seed=9)
    rng = random.Random(SEED)
    other.add(*(_event(rng) for _ in range(100)))
    running = Running(data)
    running.wait(entries.size)
    running.wait(other.size, tenant_id=2)
    yield Corpus(running, entries)
    running.stop()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_phrases_are_found_wherever_a_scan_finds_them(corpus: Corpus) -> None:
    rng = random.Random(SEED + 1)
    texts = [t for event in corpus.events.values() for ts in fields(event).values() for t in ts]
    hits = 0
    for round_ in range(160):
        if round_ < len(HARD):
            needle = HARD[round_]
        else:
            text = rng.choice(texts)
            start = rng.randrange(len(text))
            needle = text[start : start + rng.randrange(1, 9)]
            needle = rng.choice([needle, needle.upper(), needle.lower(), needle.swapcase()])
        want = corpus.scan(lambda event, needle=needle: contains(event, needle))
        assert corpus.search(_quoted(needle)) == want, ascii(needle)
        hits += bool(want)
    assert hits > 90


def test_fields_are_matched_as_a_scan_matches_them(corpus: Corpus) -> None:
    rng = random.Random(SEED + 2)
    names = ["actor", "by", "endpoint", "target", "change", "device", "method", "operation",
             "category", "source", "request", "session", "trace", "job", "queue", "behalf",
             "before", "after", "reason", "agent", "target.type", "target.id", "target.name",
             "change.path"]  # fmt: skip
    hits = 0
    for turn in range(180):
        name = names[turn % len(names)]
        texts = [text for event in corpus.events.values() for text in fields(event)[name]]
        text = rng.choice(texts)
        if rng.random() < 0.5:
            query, how, value = f"{name}:{_quoted(text)}", "whole", text
        else:
            value = text[: rng.randrange(1, len(text) + 1)]
            if set(value) & set('"()') or value.split() != [value]:
                continue
            if rng.random() < 0.5 or name == "ip":
                value += "*"
            how = "wild" if "*" in value else "part" if name in PARTS else "whole"
            query = f"{name}:{value}"
        want = corpus.scan(lambda event, a=(name, value, how): has(event, *a))
        assert corpus.search(query) == want, ascii(query)
        hits += bool(want)
    assert hits > 60


def test_terms_are_combined_and_negated(corpus: Corpus) -> None:
    rng = random.Random(SEED + 3)
    for _ in range(40):
        one, two = rng.choice(HARD[:12]), rng.choice(["ab", "xy", "foo", "ss", "k"])
        status = rng.choice([200, 403, 404])
        want = corpus.scan(
            lambda event, one=one, two=two, status=status: (
                contains(event, one) and not contains(event, two) and event["status"] != status
            )
        )
        query = f"{_quoted(one)} -{two} -status:{status}"
        assert corpus.search(query) == want, ascii(query)


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("status:404", lambda e: e["status"] == 404),
        ("status:4xx", lambda e: e["status"] is not None and 400 <= e["status"] < 500),
        ("-status:2xx", lambda e: e["status"] is None or not 200 <= e["status"] < 300),
        ("status:>=403", lambda e: e["status"] is not None and e["status"] >= 403),
        ("status:<300", lambda e: e["status"] is not None and e["status"] < 300),
        ("status:none", lambda e: e["status"] is None),
        ("status:N/A", lambda e: e["status"] is None),
        ("outcome:DENIED", lambda e: e["outcome"] == "denied"),
        ("kind:task", lambda e: e["actor"]["kind"] == "task"),
        ("404", lambda e: contains(e, "404")),
        ("-foo", lambda e: not contains(e, "foo")),
    ],
)
def test_closed_fields(corpus: Corpus, query: str, test: Any) -> None:
    want = corpus.scan(test)
    assert want
    assert corpus.search(query) == want


def _random_query(rng: random.Random, corpus: Corpus, depth: int = 0) -> str:
    """Terms of all kinds, put together in all ways."""
    shape = rng.randrange(7) if depth < 3 else 0
    if shape in (1, 2, 3):
        joint = rng.choice([" ", " OR ", " AND "])
        parts = [_random_query(rng, corpus, depth + 1) for _ in range(rng.randrange(2, 4))]
        return ("-" if rng.random() < 0.3 else "") + "(" + joint.join(parts) + ")"
    if shape == 4:
        values = rng.choice(
            [("status", "2xx", "404", ">=500"), ("kind", "user", "task", "sys*"),
             ("ip", "10.0.0.0/24", "::1", "10.0.1.*"), ("target", "a*", "foo", '"x"'),
             ("index", "<50", "100..200", ">=550")]
        )  # fmt: skip
        joint = rng.choice([" OR ", " ", " OR NOT "])
        return f"{values[0]}:({joint.join(rng.sample(values[1:], 2))})"
    sign = rng.choice(["", "", "-", "NOT "])
    return sign + rng.choice(
        [
            "status:>=400", "status:4xx", "status:200..403", "status:none", "status:<300", "foo",
            "ip:10.0.0.0/8", "ip:10.0.1.0/24", "ip:2001:db8::/32", "ip:2001:db8:0::7", "ip:::/0",
            "ip:10.0.0.2..10.0.1.4", "ip:10.0.0.3", "ip:0.0.0.0/0", "has:changes", "has:job",
            "has:reason", "has:metadata", "has:error", "has:target", "has:behalf", "has:ip",
            "has:status", "before:foo", "after:foo", "before:true", "after:*b*", "change:ss",
            "attempt:>=1", "attempt:<2", "duration:5..5000", "duration:>5", "index:100..300",
            "severity:critical", "state:failed", "actor:ana", "behalf:a", "f*o", "a*b", "xy*",
            "*ss", "outcome:unknown", "target.id:x*", "reason:xy", "agent:foo", "kind:task",
            _quoted(rng.choice(HARD)), f"change:{_quoted(rng.choice(HARD))}",
            f"target:{_quoted(rng.choice(HARD))}", f"operation:{_quoted(rng.choice(HARD))}",
        ]
    )  # fmt: skip


def test_any_query_finds_what_a_scan_finds(corpus: Corpus) -> None:
    rng = random.Random(SEED + 4)
    hits = 0
    for _ in range(150):
        query = _random_query(rng, corpus)
        tree = parse_text(query)
        want = corpus.scan(lambda event, tree=tree: matches(event, tree))
        assert corpus.search(query) == want, ascii(query)
        hits += bool(want)
    assert hits > 75


def test_ids_and_indices(corpus: Corpus) -> None:
    index, event = next(iter(corpus.events.items()))
    assert corpus.search(f"id:{event['id'].upper()}") == [index]
    assert corpus.search(f"index:{index}") == [index]
    assert index in corpus.search(event["id"][4:20].upper())
    assert corpus.search("index:<10") == sorted((i for i in corpus.events if i < 10), reverse=True)


def test_more_values_than_are_listed(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long way, by subquery, gives what the short one gives."""
    from indelible.server.query import prepare

    queries = (
        "a", "e", "kind:u*", "actor:a", "-o", "0", "ip:10.0.0.0/8", "target:f", "-change:foo",
        "target.type:*o* OR status:404",
    )  # fmt: skip
    short = {q: corpus.search(q) for q in queries}
    monkeypatch.setattr(prepare, "MAX_VALUES", 0)
    assert {q: corpus.search(q) for q in short} == short
    assert all(short.values())


def test_counts_agree_with_lists(corpus: Corpus) -> None:
    for q in ("foo", "-foo", "kind:user", "status:4xx", "zzzzzzzz"):
        filter_ = corpus.running.filter(q=q)
        assert corpus.running.run(corpus.running.query.count(filter_)) == len(corpus.search(q))


def test_another_tenant_sees_its_own_events_only(corpus: Corpus) -> None:
    running = corpus.running
    filter_ = running.filter(tenant_id=2)
    assert running.run(running.query.count(filter_)) == 100
    first = next(iter(corpus.events.values()))
    filter_ = running.filter(tenant_id=2, q=f"id:{first['id']}")
    assert running.run(running.query.count(filter_)) == 0
