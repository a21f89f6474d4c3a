"""The condition for rows that carry one of these ids; an index of tokens skips the other blocks."""

from __future__ import annotations

from collections.abc import Iterable

from indelible.server.index import folding
from indelible.server.index.schema import TOKENS
from indelible.server.query import jobs
from indelible.server.query.pattern import Parameters


def carries(
    parameters: Parameters,
    *,
    requests: Iterable[str] = (),
    sessions: Iterable[str] = (),
    runs: Iterable[str] = (),
) -> str:
    """Rows of these requests, of these sessions, or of jobs with these ids, roots or parents."""
    columns = (
        (folding.REQUEST, list(requests), ("request_id",)),
        (folding.SESSION, list(sessions), ("session_id",)),
        (folding.JOB, list(runs), ("job_id", jobs.ROOT, jobs.PARENT)),
    )
    tokens = [mark + folding.fold(one) for mark, ids, _ in columns for one in ids]
    exact = []
    for _, ids, names in columns:
        if ids:
            asked = parameters.add(ids, "Array(String)")
            exact += [f"{name} IN {asked}" for name in names]
    if not exact:
        return "0"
    # Tokens are folded, so several ids may share one: the exact test decides.
    return (
        f"(hasAny({TOKENS}, {parameters.add(tokens, 'Array(String)')}) AND ({' OR '.join(exact)}))"
    )
