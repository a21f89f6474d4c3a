"""Logins end by disuse, by age, and by wish."""

from __future__ import annotations

import pytest

from indelible.clock import FixedClock
from indelible.errors import Unauthenticated
from indelible.server.access.door import Access
from indelible.server.access.outbox import waiting
from indelible.server.access.people import Person

HOUR = 3600


@pytest.fixture
def person(access: Access) -> Person:
    return access.people.use_link(
        access.people.new_link(1, None, None),
        person_id="p_1", email="ana@example.com", name="Ana", password="h", event={"id": "e0"},
    )  # fmt: skip


def begin(access: Access, person: Person, number: int = 1) -> str:
    token, _ = access.sessions.start(
        person, session_id=f"s_{number}", ip="203.0.113.7", user_agent="x", event={"id": "e"}
    )
    return token


def test_unused_for_twelve_hours(access: Access, person: Person, clock: FixedClock) -> None:
    token = begin(access, person)
    clock.advance(12 * HOUR - 1)
    assert access.sessions.find(token)
    clock.advance(1)
    assert access.sessions.find(token) is None


def test_seven_days_however_much_used(access: Access, person: Person, clock: FixedClock) -> None:
    token = begin(access, person)
    for _ in range(7 * 24 - 1):
        clock.advance(HOUR)
        session = access.sessions.find(token)
        assert session is not None
        assert access.sessions.needs_touch(session)
        access.sessions.touch(session)
    clock.advance(HOUR)
    assert access.sessions.find(token) is None


def test_use_is_written_down_once_a_minute(
    access: Access, person: Person, clock: FixedClock
) -> None:
    token = begin(access, person)
    clock.advance(59)
    session = access.sessions.find(token)
    assert session is not None
    assert not access.sessions.needs_touch(session)


def test_expired_logins_leave_one_event_each(
    access: Access, person: Person, clock: FixedClock
) -> None:
    begin(access, person, 1)
    clock.advance(HOUR)
    token = begin(access, person, 2)
    clock.advance(11 * HOUR + 1)
    told = {"id": "expired"}
    assert access.sessions.end_expired(lambda session: {**told, "session": session.id}) == 1
    assert access.sessions.end_expired(lambda session: told) == 0
    events = [item.event for item in waiting(access.control)]
    assert events[-1] == {"id": "expired", "session": "s_1"}
    assert access.sessions.find(token)


def test_a_login_ends_once(access: Access, person: Person) -> None:
    session = access.sessions.find(begin(access, person))
    assert session is not None
    assert access.sessions.end(session, {"id": "out"})
    assert not access.sessions.end(session, {"id": "out again"})
    assert "out again" not in str(waiting(access.control))


def test_the_password_does_not_travel_with_a_login(access: Access, person: Person) -> None:
    session = access.sessions.find(begin(access, person))
    assert session is not None
    assert session.person.password == ""


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE person SET password = 'h2'", id="another password"),
        pytest.param("UPDATE person SET active = 0", id="closed"),
        pytest.param("DELETE FROM person", id="removed"),
    ],
)
def test_no_login_begins_by_what_held_before_a_change(
    access: Access, person: Person, change: str
) -> None:
    """Checking a password takes a while; what ends all logins must end this one, too."""
    with access.control.write() as transaction:
        transaction.execute(change)
    with pytest.raises(Unauthenticated, match="changed meanwhile"):
        begin(access, person)
    assert access.sessions.of_person(person.id) == []
    assert [one.event["id"] for one in waiting(access.control)] == ["e0"]
