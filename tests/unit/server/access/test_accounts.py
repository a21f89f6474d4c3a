"""Accounts as an administrator handles them: invitations, roles, removal."""

from __future__ import annotations

import pytest

from indelible.clock import FixedClock
from indelible.errors import Conflict, NotFound
from indelible.server.access.accounts import Account
from indelible.server.access.door import Access
from indelible.server.access.outbox import waiting
from indelible.server.access.people import LinkInvalid, Person
from indelible.server.access.scope import Scope

EVENT = {"id": "e1", "operation": "X"}


def use(access: Access, token: str, number: int, email: str) -> Person:
    return access.people.use_link(
        token, person_id=f"p_{number}", email=email, name=f"N{number}", password="h", event=EVENT
    )


@pytest.fixture
def admin(access: Access) -> Person:
    return use(access, access.people.new_link(1, None, None), 1, "ana@example.com")


def invited(access: Access, number: int = 2, role: str = "auditor") -> Account:
    email = f"u{number}@example.com"
    use(access, access.accounts.invite(1, email, role, EVENT), number, email)
    return access.accounts.one(1, f"p_{number}")


def log_in(access: Access, account: Account) -> str:
    person = access.people.by_id(account.id)
    assert person is not None
    token, _ = access.sessions.start(
        person, session_id="s_1", ip=None, user_agent=None, event=EVENT
    )
    return token


def test_an_invitation_makes_an_account_with_its_role(access: Access, admin: Person) -> None:
    token = access.accounts.invite(1, "Bo@Example.com", "auditor", EVENT)
    (open_,) = access.accounts.invitations(1)
    assert (open_.email, open_.role) == ("Bo@Example.com", "auditor")
    assert access.people.look_at_link(token).email == "Bo@Example.com"
    use(access, token, 2, "Bo@Example.com")
    assert access.accounts.invitations(1) == []
    assert [(one.id, one.role, one.logins) for one in access.accounts.all(1)] == [
        ("p_1", "admin", 0),
        ("p_2", "auditor", 0),
    ]
    assert len(waiting(access.control)) == 3


def test_an_invitation_binds_to_a_part_of_the_log(access: Access, admin: Person) -> None:
    scope = Scope(streams=("task",), sources=("fleet",))
    token = access.accounts.invite(1, "bo@example.com", "viewer", EVENT, scope)
    assert access.accounts.invitations(1)[0].scope == scope
    assert use(access, token, 2, "bo@example.com").scope == scope
    assert access.accounts.one(1, "p_2").scope == scope


def test_a_new_invitation_ends_the_earlier_one(access: Access, admin: Person) -> None:
    old = access.accounts.invite(1, "bo@example.com", "admin", EVENT)
    new = access.accounts.invite(1, "BO@example.com", "auditor", EVENT)
    with pytest.raises(LinkInvalid):
        use(access, old, 2, "bo@example.com")
    assert use(access, new, 2, "bo@example.com").role == "auditor"


def test_a_withdrawn_or_old_invitation_is_worth_nothing(
    access: Access, admin: Person, clock: FixedClock
) -> None:
    token = access.accounts.invite(1, "bo@example.com", "auditor", EVENT)
    (open_,) = access.accounts.invitations(1)
    access.accounts.withdraw(1, open_, EVENT)
    with pytest.raises(LinkInvalid):
        use(access, token, 2, "bo@example.com")
    with pytest.raises(NotFound):
        access.accounts.withdraw(1, open_, EVENT)
    access.accounts.invite(1, "bo@example.com", "auditor", EVENT)
    clock.advance(72 * 3600)
    assert access.accounts.invitations(1) == []


def test_who_has_an_account_is_not_invited(access: Access, admin: Person) -> None:
    with pytest.raises(Conflict) as caught:
        access.accounts.invite(1, "ANA@example.com", "admin", EVENT)
    assert caught.value.code == "account-exists"


def test_a_role_holds_at_once_and_is_not_changed_twice(access: Access, admin: Person) -> None:
    account = invited(access)
    token = log_in(access, account)
    access.accounts.change(1, account, "admin", None, EVENT)
    session = access.sessions.find(token)
    assert session is not None
    assert session.person.role == "admin"
    with pytest.raises(Conflict) as caught:  # what another administrator still has on the screen
        access.accounts.change(1, account, "admin", None, EVENT)
    assert caught.value.code == "changed-meanwhile"


def test_removing_ends_logins_and_links(access: Access, admin: Person) -> None:
    account = invited(access)
    token = log_in(access, account)
    link = access.people.new_link(1, "u2@example.com", EVENT)
    access.accounts.remove(1, account, EVENT)
    assert access.sessions.find(token) is None
    with pytest.raises(LinkInvalid):
        access.people.look_at_link(link)
    with pytest.raises(NotFound):
        access.accounts.remove(1, account, EVENT)


def test_the_last_administrator_stays(access: Access, admin: Person) -> None:
    ana = access.accounts.one(1, "p_1")
    invited(access)
    for act in (
        lambda: access.accounts.remove(1, ana, EVENT),
        lambda: access.accounts.change(1, ana, "auditor", None, EVENT),
    ):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "last-administrator"
    invited(access, 3, "admin")
    access.accounts.change(1, ana, "auditor", None, EVENT)


def test_another_tenant_sees_and_changes_nothing(access: Access, admin: Person) -> None:
    account = invited(access)
    access.accounts.invite(1, "bo@example.com", "auditor", EVENT)
    (open_,) = access.accounts.invitations(1)
    assert access.accounts.all(2) == []
    assert access.accounts.invitations(2) == []
    with pytest.raises(NotFound):
        access.accounts.one(2, account.id)
    with pytest.raises(NotFound):
        access.accounts.remove(2, account, EVENT)
    with pytest.raises(NotFound):
        access.accounts.withdraw(2, open_, EVENT)
    with pytest.raises(Conflict):
        access.accounts.change(2, account, "admin", None, EVENT)


def test_who_became_the_last_administrator_meanwhile_stays(access: Access, admin: Person) -> None:
    """Ana makes Bo an administrator and goes, while a look at Bo still says auditor."""
    seen = invited(access)
    access.accounts.change(1, seen, "admin", None, EVENT)
    access.accounts.remove(1, access.accounts.one(1, admin.id), EVENT)
    with pytest.raises(Conflict, match="last administrator"):
        access.accounts.remove(1, seen, EVENT)
    assert access.accounts.one(1, seen.id).role == "admin"


def test_of_two_who_remove_an_account_at_once_one_is_told(access: Access, admin: Person) -> None:
    seen = invited(access)
    access.accounts.remove(1, seen, EVENT)
    told = len(waiting(access.control))
    with pytest.raises(NotFound, match="removed meanwhile"):
        access.accounts.remove(1, seen, EVENT)
    assert len(waiting(access.control)) == told
