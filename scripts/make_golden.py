"""
Makes a golden data folder: `python scripts/make_golden.py tests/data/golden/vN`.

One is kept for each format that was ever released, made by the code of that time and never again:
tests open a copy of each, upgrade it and use it. `golden.json` says what is in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from indelible.clock import SystemClock  # noqa: E402
from indelible.server.access.door import Access  # noqa: E402
from indelible.server.access.passwords import Passwords  # noqa: E402
from indelible.server.access.token import encode_key, new_key  # noqa: E402
from indelible.server.folder import CONTROL_FILE  # noqa: E402
from indelible.server.settings import load_settings  # noqa: E402

EMAIL, PASSWORD = "golden@example.com", "correct horse battery staple"
EVENTS = [
    {"id": f"0193a5a0-0000-7000-8000-{number:012d}", "operation": f"Golden{number % 3}",
     "actor": {"id": "ana@example.com", "email": "ana@example.com", "name": "Ana"},
     "targets": [{"type": "profile", "id": f"p_{number}", "name": "Depot north"}],
     "changes": [{"path": "visibility", "before": "private", "after": "team"}],
     "occurred_at": f"2026-11-{1 + number % 20:02d}T09:15:04.123Z"}
    for number in range(40)
]  # fmt: skip


def main() -> None:
    target = Path(sys.argv[1]).absolute()
    command("init", "--data", str(target), "--origin", "golden/main")
    lines = target.with_name("golden.jsonl")
    lines.write_text("\n".join(map(json.dumps, EVENTS)))
    command("import", "jsonl", str(lines), "--data", str(target))
    lines.unlink()
    access = Access(target / CONTROL_FILE, load_settings(target, {}), SystemClock())
    event = {"id": "0193a5a0-0000-7000-8000-0000000000aa", "operation": "MakeGolden"}
    key = new_key("a", os.urandom)
    access.keys.add(1, key, "golden", event)
    token = access.people.new_link(1, EMAIL, event)
    access.people.use_link(
        token,
        person_id=access.people.new_id(),
        email=EMAIL,
        name="Golden",
        password=asyncio.run(Passwords().hash(PASSWORD)),
        event=event | {"id": "0193a5a0-0000-7000-8000-0000000000ab"},
    )
    access.close()
    for path in target.glob("*.sqlite3-*"):
        path.unlink()
    (target / "service.lock").unlink(missing_ok=True)
    for path in target.glob("keys/*"):
        path.chmod(0o644)  # as a clone has it; what is signed with it is worth nothing
    told = {"key": encode_key(key), "email": EMAIL, "password": PASSWORD, "events": len(EVENTS)}
    (target / "golden.json").write_text(json.dumps(told, indent=1) + "\n")


def command(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "indelible.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )


if __name__ == "__main__":
    main()
