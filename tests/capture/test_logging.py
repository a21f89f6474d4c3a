"""Log records and structlog entries as events; helpers for acts that no hook can guess."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from indelible.capture.acts import (
    tell_approved,
    tell_configured,
    tell_export,
    tell_rejected,
    tell_requested,
    tell_shared,
    tell_unshared,
)
from indelible.capture.logging import AuditHandler, AuditProcessor
from indelible.capture.logins import (
    as_target,
    tell_login,
    tell_login_failed,
    tell_logout,
    tell_mfa_change,
    tell_password_change,
    tell_role_change,
    tell_session_expired,
)
from indelible.client import audit_context
from indelible.testing import MemoryAudit, assert_audited

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}


@pytest.fixture
def log(audit: MemoryAudit) -> Iterator[logging.Logger]:
    logger = logging.getLogger("audit-test")
    handler = AuditHandler(audit)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.removeHandler(handler)


def test_records_that_carry_an_event_are_recorded(audit: MemoryAudit, log: logging.Logger) -> None:
    with audit_context(actor=ANA):
        log.info("CreateGroup", extra={"audit": {"targets": [{"id": "g_1"}], "ticket": "OPS-1"}})
        log.warning("could not reach %s", "m.example", extra={"audit": {"status": 502}})
        log.info("an ordinary line")
    created, warned = audit.events
    assert (created["operation"], created["actor"], created["severity"]) == (
        "CreateGroup",
        ANA,
        "info",
    )
    assert created["metadata"] == {"logger": "audit-test", "ticket": "OPS-1"}
    assert (warned["operation"], warned["reason"], warned["severity"]) == (
        "LogRecord",
        "could not reach m.example",
        "warning",
    )


def test_the_sdk_does_not_record_its_own_log_lines(audit: MemoryAudit) -> None:
    handler = AuditHandler(audit, everything=True)
    handler.handle(logging.LogRecord("indelible.client", 30, "", 0, "dropped", (), None))
    handler.handle(logging.LogRecord("other", 30, "", 0, "kept", (), None))
    assert [event["operation"] for event in audit.events] == ["kept"]


def test_structlog_entries_go_on_unchanged(audit: MemoryAudit) -> None:
    shown: list[dict[str, object]] = []

    def keep(_: object, __: str, entry: dict[str, object]) -> str:
        shown.append(dict(entry))
        return ""

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[AuditProcessor(audit), keep])
    log.info("CreateGroup", audit=True, targets=[{"id": "g_1"}], took=3)
    log.error("Failed", audit={"operation": "SyncGroups", "outcome": "failure"})
    log.info("an ordinary line")
    assert [event["operation"] for event in audit.events] == ["CreateGroup", "SyncGroups"]
    assert audit.events[0]["targets"] == [{"id": "g_1"}]
    assert shown[0] == {
        "event": "CreateGroup",
        "audit": True,
        "targets": [{"id": "g_1"}],
        "took": 3,
    }


def test_approvals_exports_settings_and_sharing(audit: MemoryAudit) -> None:
    budget = {"type": "budget", "id": "b_1"}
    with audit_context(actor=ANA):
        tell_requested(audit, "Budget", budget)
        tell_approved(audit, "Budget", budget)
        tell_rejected(audit, "Budget", budget, reason="too high")
        tell_export(audit, "Report", rows=1200, format="csv")
        tell_configured(audit, "MailServer", {"password": ("a", "b")})
        tell_shared(audit, budget, with_whom="ops@meridian.example", rights=["read"])
        tell_unshared(audit, budget, with_whom="ops@meridian.example")
    assert [(event["operation"], event["category"]) for event in audit.events] == [
        ("RequestBudgetApproval", "approval"),
        ("ApproveBudget", "approval"),
        ("RejectBudget", "approval"),
        ("ExportReport", "export"),
        ("ConfigureMailServer", "configuration"),
        ("Share", "sharing"),
        ("Unshare", "sharing"),
    ]
    assert all(event["actor"] == ANA for event in audit.events)
    assert audit.events[3]["metadata"] == {"rows": 1200, "format": "csv"}
    assert_audited(audit, changes={"password": ("[redacted]", "[redacted]")})


def test_hand_written_logins(audit: MemoryAudit) -> None:
    tell_login(audit, ANA, how="password")
    tell_login_failed(audit, "ana@meridian.example", why="wrong password")
    tell_logout(audit, ANA)
    tell_session_expired(audit, ANA, "s_1")
    with audit_context(actor={"kind": "user", "id": "admin"}):
        target = as_target(ANA)
        assert target is not None
        tell_password_change(audit, target, reset=True)
        tell_mfa_change(audit, target, enabled=False, factor="totp")
        tell_role_change(audit, target, ["viewer"], ["admin", "viewer"])
    assert [(event["method"], event["outcome"]) for event in audit.events] == [
        ("UserLogin", "success"),
        ("LoginFailed", "failure"),
        ("UserLogout", "success"),
        ("SessionExpired", "success"),
        ("PasswordChanged", "success"),
        ("MfaChanged", "success"),
        ("RolesChanged", "success"),
    ]
    assert audit.events[1]["actor"] == {"kind": "anonymous"}
    assert audit.events[3]["context"]["session_id"] == "s_1"
    assert_audited(
        audit, operation="ChangeRoles", changes={"roles": (["viewer"], ["admin", "viewer"])}
    )
