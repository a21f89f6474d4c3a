"""All of access in one place: what the composition root, the web layer and the CLI are handed."""

from __future__ import annotations

import os
from pathlib import Path

from indelible.clock import Clock
from indelible.server.access.accounts import Accounts
from indelible.server.access.approvals import Approvals
from indelible.server.access.attempts import Attempts
from indelible.server.access.control import ControlDatabase
from indelible.server.access.deletions import DeletionTable
from indelible.server.access.factors import Factors
from indelible.server.access.groups import Groups
from indelible.server.access.keys import Keys
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.passkeys import Passkeys
from indelible.server.access.people import People
from indelible.server.access.preferences import PreferenceStore
from indelible.server.access.provisioning import Provisioning
from indelible.server.access.roles import GroupRoles
from indelible.server.access.sessions import Sessions
from indelible.server.access.steps import LoginSteps
from indelible.server.access.tenant_settings import TenantSettings
from indelible.server.access.token import RandomBytes
from indelible.server.access.vault import Vault
from indelible.server.access.views import Views
from indelible.server.folder import ACCOUNTS_KEY
from indelible.server.settings import Settings


class Access:
    """Opens the control database, made when missing, and owns it until `close`."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        clock: Clock,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self.control = ControlDatabase(path)
        self.random_bytes = random_bytes
        self.people = People(self.control, clock, random_bytes, settings.link.valid_hours)
        self.accounts = Accounts(self.control, clock, random_bytes, settings.link.valid_hours)
        self.sessions = Sessions(
            self.control,
            clock,
            random_bytes,
            idle_hours=settings.session.idle_hours,
            longest_hours=settings.session.longest_hours,
        )
        self.keys = Keys(self.control, clock)
        vault = Vault(path.parent / ACCOUNTS_KEY, random_bytes)
        self.factors = Factors(self.control, clock, random_bytes, vault)
        self.factors.seal_old()
        self.passkeys = Passkeys(self.control, clock)
        self.steps = LoginSteps(self.control, clock, random_bytes)
        self.attempts = Attempts(self.control, clock)
        self.tenant_settings = TenantSettings(self.control, settings.screen)
        self.views = Views(self.control, clock)
        self.preferences = PreferenceStore(self.control, clock)
        self.approvals = Approvals(self.control, clock, random_bytes)
        self.deletions = DeletionTable(self.control)
        rule = GroupRoles(settings.oidc.roles, settings.oidc.default_role)
        self.provisioning = Provisioning(self.control, clock, random_bytes, rule)
        self.groups = Groups(self.control, clock, random_bytes, rule)

    def put_own_event(self, tenant_id: int, event: OwnEvent) -> None:
        """Leaves an event for the service to put into the ledger."""
        with self.control.write() as transaction:
            put(transaction, tenant_id, event)

    def close(self) -> None:
        """Writes down the last uses of keys and closes the database."""
        self.keys.write_uses()
        self.control.close()
