"""The whole route table: every module of `routes/` adds its part here."""

from __future__ import annotations

from indelible.server.version import version
from indelible.server.web.route import Api
from indelible.server.web.routes import (
    access_review,
    approvals,
    doors,
    embed,
    erasures,
    export,
    exports,
    gaps,
    health,
    holds,
    imports,
    keys,
    live,
    metrics,
    profile,
    prove,
    read,
    redaction,
    runs,
    search,
    session,
    settings,
    setup,
    status,
    status_full,
    steps,
    summary,
    users,
    views,
    why,
    write,
)
from indelible.server.web.routes.openapi import document_routes


def all_routes() -> tuple[Api, ...]:
    """All routes of the HTTP API, in the order in which the document shows them."""
    return (
        *write.ROUTES,
        *doors.ROUTES,
        *imports.ROUTES,
        *read.ROUTES,
        *search.ROUTES,
        *export.ROUTES,
        *exports.ROUTES,
        *runs.ROUTES,
        *steps.ROUTES,
        *why.ROUTES,
        *gaps.ROUTES,
        *summary.ROUTES,
        *views.ROUTES,
        *embed.ROUTES,
        *profile.ROUTES,
        *live.ROUTES,
        *prove.ROUTES,
        *session.ROUTES,
        *setup.ROUTES,
        *settings.ROUTES,
        *redaction.ROUTES,
        *keys.ROUTES,
        *users.ROUTES,
        *approvals.ROUTES,
        *holds.ROUTES,
        *erasures.ROUTES,
        *access_review.ROUTES,
        *status.ROUTES,
        *status_full.ROUTES,
        *health.ROUTES,
        *metrics.ROUTES,
        *document_routes(all_routes, version()),
    )
