"""Accounts and one-time links."""

from __future__ import annotations

from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import InvalidRequest, NotFound
from indelible.server.access.door import Access
from indelible.server.access.outbox import waiting
from indelible.server.access.people import LinkInvalid, Person, read_email

EVENT = {"id": "e1", "operation": "X"}


def use(access: Access, token: str, email: str = "ana@example.com", password: str = "h1") -> Person:
    return access.people.use_link(
        token, person_id="p_1", email=email, name="Ana", password=password, event=EVENT
    )


def test_a_link_makes_one_account_and_is_used_up(access: Access) -> None:
    token = access.people.new_link(1, None, None)
    assert access.people.look_at_link(token).person_id is None
    person = use(access, token)
    assert (person.id, person.role, person.tenant_id) == ("p_1", "admin", 1)
    assert access.people.by_email(1, "ANA@EXAMPLE.COM") == person
    with pytest.raises(LinkInvalid):
        use(access, token)
    with pytest.raises(LinkInvalid):
        access.people.look_at_link(token)
    assert [item.event for item in waiting(access.control)] == [EVENT]


def test_a_link_is_valid_for_its_hours_only(access: Access, clock: FixedClock) -> None:
    token = access.people.new_link(1, None, None)
    clock.advance(72 * 3600 - 1)
    assert access.people.look_at_link(token).email is None
    clock.advance(1)
    with pytest.raises(LinkInvalid):
        access.people.look_at_link(token)


def test_a_new_link_ends_the_earlier_one(access: Access) -> None:
    old = access.people.new_link(1, "a@example.com", None)
    new = access.people.new_link(1, "a@example.com", None)
    with pytest.raises(LinkInvalid):
        use(access, old)
    assert use(access, new).email == "ana@example.com"


def test_a_link_for_an_account_sets_its_password_and_ends_its_logins(access: Access) -> None:
    person = use(access, access.people.new_link(1, None, None))
    session_token, _ = access.sessions.start(
        person, session_id="s_1", ip=None, user_agent=None, event=EVENT
    )
    assert access.sessions.find(session_token)
    changed = use(access, access.people.new_link(1, "Ana@Example.com", None), password="h2")
    assert (changed.id, changed.password) == (person.id, "h2")
    assert access.sessions.find(session_token) is None
    assert access.people.count(1) == 1


def test_there_is_one_first_administrator(access: Access) -> None:
    """A link that was made before the account cannot make a second one after it."""
    early = access.people.new_link(1, "other@example.com", None)
    # As if two processes had made links at the same moment.
    with access.control.write() as transaction:
        transaction.execute("UPDATE link SET person = NULL, used_us = 0")
    use(access, access.people.new_link(1, None, None))
    with access.control.write() as transaction:
        transaction.execute("UPDATE link SET used_us = NULL WHERE email IS NOT NULL")
    with pytest.raises(LinkInvalid):
        use(access, early, email="other@example.com")
    with pytest.raises(NotFound):
        access.people.new_link(1, "stranger@example.com", None)


@pytest.mark.parametrize("text", ["", "ana", "a@b c", "a@b@c", "<a@b>", "a\u202e@b", "@b", "a@"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_email(text)


def test_tokens_are_nowhere_in_the_file(access: Access, tmp_path: Path) -> None:
    token = access.people.new_link(1, None, None)
    access.control.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in content
