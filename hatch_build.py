"""
Puts the built screen into the sdist and the wheel.

Builds it only when it is missing, so that a wheel made from the sdist (which carries the built
screen) needs no Node; an editable install never builds it, `make web` does.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ScreenHook(BuildHookInterface[Any]):
    """Makes sure that src/indelible/server/web/screen is there before the files are packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        screen = root / "src" / "indelible" / "server" / "web" / "screen"
        if (screen / "index.html").is_file():
            return
        script = root / "scripts" / "web.sh"
        if not script.is_file():
            raise RuntimeError("the built screen is missing, and so are the scripts that build it")
        self.app.display_info("building the screen")
        subprocess.run([str(script)], cwd=root, check=True)
