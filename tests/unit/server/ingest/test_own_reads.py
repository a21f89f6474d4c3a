"""Which reads of the log become events (design.md, section 5)."""

from __future__ import annotations

from typing import Any

from indelible.server.ingest.own_reads import (
    COUNT,
    HOLD_S,
    LONGEST_HOLD_S,
    SAME_SEARCH_S,
    ReadMerger,
    make_read,
)

ANA, BEN = (1, "p_ana"), (1, "p_ben")
TODAY = {"stream": "user", "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"}


class Desk:
    """A person or key at work, a clock, and what is recorded."""

    def __init__(self) -> None:
        self.merger = ReadMerger()
        self.now_s = 1000.0
        self.recorded: list[str] = []
        self._number = 0

    def read(self, who: tuple[int, str] = ANA, operation: str = "Read", **query: Any) -> None:
        self._number += 1
        event = {"text": f"{operation}:{query.get('stream', '')}:{query.get('q', '')}"}
        self.merger.hold(make_read(who, operation, TODAY | query, event), self.now_s)

    def by_key(self, operation: str = "Read", **query: Any) -> int:
        read = make_read((1, "key"), operation, TODAY | query, {})
        return len(self.merger.take_now(read, self.now_s))

    def wait(self, seconds: float) -> None:
        """Lets time pass, releasing what is due as the timer would."""
        end_s = self.now_s + seconds
        while (due_s := self.merger.next_due_s()) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.recorded += [read.event["text"] for read in self.merger.due(self.now_s)]
        self.now_s = end_s


def test_a_page_left_open_is_one_event() -> None:
    """Opening asks for list, tabs and histogram, then refreshes, pages and turns the order."""
    desk = Desk()
    for _ in range(120):
        desk.read(stream="user")
        desk.read(operation=COUNT, stream="user", group="stream")
        desk.read(operation=COUNT, stream="user", group="time", buckets="60")
        desk.wait(1)
    desk.read(stream="user", cursor="abc", limit="100", min_index="7", order="asc")
    desk.wait(10)
    assert desk.recorded == ["Read:user:"]


def test_the_same_search_after_ten_minutes_of_silence_is_another() -> None:
    desk = Desk()
    desk.read(q="a")
    desk.wait(HOLD_S + SAME_SEARCH_S - 1)
    desk.read(q="a")
    desk.wait(SAME_SEARCH_S + HOLD_S + 1)
    assert len(desk.recorded) == 1
    desk.read(q="a")
    desk.wait(HOLD_S)
    assert len(desk.recorded) == 2


def test_typing_is_one_event_with_the_last_text() -> None:
    desk = Desk()
    for text in ("d", "de", "del", "delete"):
        desk.read(q=text)
        desk.wait(0.4)
    desk.wait(HOLD_S)
    assert desk.recorded == ["Read::delete"]


def test_the_page_before_the_first_letter_is_a_read_of_its_own() -> None:
    desk = Desk()
    desk.read()
    desk.wait(0.5)
    desk.read(q="x")
    desk.wait(HOLD_S)
    assert desk.recorded == ["Read::", "Read::x"]


def test_taking_letters_back_hides_nothing() -> None:
    """Somebody who searches for a name and deletes it at once has searched for it."""
    desk = Desk()
    desk.read(q="ana@example.com")
    desk.wait(0.3)
    desk.read(q="ana")
    desk.wait(HOLD_S)
    assert desk.recorded == ["Read::ana@example.com", "Read::ana"]


def test_typing_on_and_on_is_written_down_at_last() -> None:
    desk = Desk()
    text = ""
    for _ in range(int(LONGEST_HOLD_S) + 2):
        text += "x"
        desk.read(q=text)
        desk.wait(1)
    assert len(desk.recorded) == 1


def test_another_filter_period_or_person_is_another_event() -> None:
    desk = Desk()
    desk.read(q="a")
    desk.read(q="a", stream="system")
    desk.read(q="a", to="2026-11-25T00:00:00Z")
    desk.read(BEN, q="a")
    desk.wait(HOLD_S)
    assert len(desk.recorded) == 4


def test_counts_alone_are_reads() -> None:
    """Whoever asks for counts without the list learns something, too."""
    desk = Desk()
    desk.read(operation=COUNT, q="secret")
    desk.wait(HOLD_S)
    desk.read(q="other")
    desk.read(operation=COUNT, q="third")
    desk.wait(HOLD_S)
    assert desk.recorded == [f"{COUNT}::secret", "Read::other", f"{COUNT}::third"]


def test_keys_are_recorded_at_once_and_once() -> None:
    desk = Desk()
    assert [desk.by_key(q="a"), desk.by_key(q="a"), desk.by_key(q="ab")] == [1, 0, 1]
    desk.now_s += SAME_SEARCH_S
    assert desk.by_key(q="a") == 1


def test_flush_gives_what_is_held() -> None:
    desk = Desk()
    desk.read(q="a")
    assert [read.event["text"] for read in desk.merger.flush(desk.now_s)] == ["Read::a"]
    assert desk.merger.next_due_s() is None
