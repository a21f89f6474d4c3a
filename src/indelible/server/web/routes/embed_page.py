"""
The page that host products show in a frame, and the script that makes such a frame.

The page comes before its token, which is in no address that is sent: so the address names the
origin of the page around it, and only one that the settings list is allowed to frame it. The token
must name it, too; the page asks that first (`GET /v1/embed/session`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from indelible.server.setting_forms import read_origin
from indelible.server.web.authenticate import entry_of
from indelible.server.web.problem import plain_problem
from indelible.server.web.security import API_POLICY, frame_policy
from indelible.server.web.service import service_of

SCRIPT: Final = "audit-log.js"
VERSION: Final = "1"
"""Of the script and of what it and the frame say to each other; raised when hosts must change."""
_HOUR: Final = {"cache-control": "public, max-age=3600"}
_SCRIPT_NAMES: Final = re.compile(rf"embed/(v{VERSION}/)?{re.escape(SCRIPT)}")


def is_embedding(path: str) -> bool:
    """Whether a path belongs to what host products show."""
    return path == "embed" or path.startswith("embed/")


def serve_embedding(request: Request, path: str, folder: Path, page: str) -> Response:
    """The page in the frame (`page` is the index page of the screen), or the script."""
    if _SCRIPT_NAMES.fullmatch(path) and (folder / SCRIPT).is_file():
        # Any page may load it: it holds no data, and cookies are not looked at.
        headers = {
            **_HOUR,
            "access-control-allow-origin": "*",
            "content-security-policy": API_POLICY,
        }
        return FileResponse(folder / SCRIPT, media_type="text/javascript", headers=headers)
    if "." in path.rsplit("/", 1)[-1]:
        return plain_problem(
            404, "not-found", "there is no such file", entry_of(request).request_id
        )
    headers = {"cache-control": "no-cache", "content-security-policy": _policy(request)}
    return HTMLResponse(page, headers=headers)


def _policy(request: Request) -> str:
    allowed = service_of(request).settings.embed.origins
    try:
        origin = read_origin(request.query_params.get("origin", ""))
    except ValueError:
        return frame_policy(())
    return frame_policy((origin,) if origin in allowed else ())
