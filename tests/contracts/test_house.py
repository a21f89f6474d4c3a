"""The house rules that no linter knows: sizes, names, time, what a clone must not carry."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src"
MOST_LINES = 500
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
BANNED_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "uuid.uuid4",
    "uuid4",
}
# Written in halves, so that this file does not carry what it forbids.
REGISTRY_HOSTS = ["registry.npm" + "js.org", "registry.yarn" + "pkg", "files.python" + "hosted.org",
                  "pypi." + "org/simple", "registry-1." + "docker.io"]  # fmt: skip
INSTALLER_OPTIONS = ["--index" + "-url", "--extra-" + "index-url", "--trusted" + "-host",
                     "--find" + "-links"]  # fmt: skip
MACHINE_PATH = re.compile(
    r"(?<![\w.~$}-])/(?:wo" + r"rk/(?:main|shared)|ro" + r"ot/\w|ho" + r"me/\w+/|Us" + r"ers/\w+/"
    r"|opt/(?:pypi|wheels)|tmp/inde" + r"lible/)"
)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|Not" + "Implemented")


def tracked(*patterns: str) -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip("this is no git clone, so there are no tracked files to look at")
    names = found.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def read_text(path: Path) -> str | None:
    """The file's text; None when it is binary."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def tracked_texts() -> list[tuple[str, str]]:
    texts = [(path, read_text(path)) for path in tracked()]
    return [(str(path.relative_to(ROOT)), text) for path, text in texts if text is not None]


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_no_source_file_is_too_long() -> None:
    sources = [*modules(), *(ROOT / "web" / "src").rglob("*.ts*")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    too_long = [f"{path.relative_to(ROOT)}: {n}" for path, n in lines.items() if n > MOST_LINES]
    assert not too_long


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in modules() if path.stem in VAGUE_NAMES]
    assert not [path for path in SOURCE.rglob("*") if path.is_dir() and path.name in VAGUE_NAMES]


def test_only_the_clock_reads_the_time_and_nothing_makes_ids_by_itself() -> None:
    offenders = []
    for path in modules():
        if path == SOURCE / "indelible" / "clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute | ast.Name):
                continue
            name = ast.unparse(node)
            if any(name == call or name.endswith("." + call) for call in BANNED_CALLS):
                offenders.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    assert not offenders


def test_nothing_in_the_product_is_left_unfinished() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked("src", "examples", "scripts", "bench", "web/src", "hatch_build.py")
        for number, line in enumerate((read_text(path) or "").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not offenders


def test_no_file_names_a_package_host_or_how_to_reach_one() -> None:
    """Where packages come from is each machine's own setting: lock files hold names and hashes."""
    offenders = [
        f"{name}: {word}"
        for name, text in tracked_texts()
        for word in [*REGISTRY_HOSTS, *INSTALLER_OPTIONS]
        if word in text
    ]
    assert not offenders


def test_no_file_names_a_path_of_one_machine() -> None:
    offenders = [
        f"{name}: {found.group()}"
        for name, text in tracked_texts()
        for found in [MACHINE_PATH.search(text)]
        if found
    ]
    assert not offenders


def test_what_is_built_is_not_tracked() -> None:
    built = tracked("web/dist", "web/node_modules", "src/indelible/server/web/screen", "var")
    assert not built


def test_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_every_test_folder_is_run_by_make_test() -> None:
    runner = (ROOT / "scripts" / "run_tests.py").read_text(encoding="utf-8")
    folders = {path.relative_to(ROOT).parts[1] for path in tracked("tests") if is_test(path)}
    assert folders
    assert not [folder for folder in sorted(folders) if f'"tests/{folder}"' not in runner]


def is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def test_every_locked_requirement_has_a_hash() -> None:
    for name in ("requirements.lock", "requirements-node.lock"):
        logical = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        wanted = [line for line in logical if line.strip() and not line.startswith("#")]
        assert wanted
        assert not [line for line in wanted if "--hash=sha256:" not in line or "==" not in line]


def test_the_lock_pins_extras_as_they_are_asked_for() -> None:
    """pip's hash mode wants `pydantic[email]` pinned beside `pydantic`."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    rows = re.findall(r"^([a-z0-9._-]+)(\[[^]]*\])?==(\S+)", lock, re.MULTILINE)
    plain = {(name, version) for name, extras, version in rows if not extras}
    with_extras = {(name, version) for name, extras, version in rows if extras}
    assert "pydantic" in {name for name, _ in with_extras}, "compile it with scripts/lock.py"
    assert with_extras <= plain


def test_the_lock_of_the_screen_is_whole() -> None:
    """`npm ci` refuses a lock without a platform's optional package, as some mirrors make it."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    wanted = {name for one in packages.values() for name in one.get("optionalDependencies", {})}
    held = {name.rpartition("node_modules/")[2] for name in packages}
    assert not wanted - held
    assert not [name for name, one in packages.items() if "resolved" in one]


def test_decision_pages_have_numbers_of_their_own() -> None:
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", name) for name in pages]
    assert all(numbers), pages
    taken = [found.group(1) for found in numbers if found]
    assert len(taken) == len(set(taken)), pages


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## Unreleased$", changelog, re.MULTILINE)


def test_the_scripts_are_executable_and_stop_at_the_first_error() -> None:
    scripts = [*(ROOT / "scripts").glob("*.sh"), ROOT / ".ci" / "run"]
    assert len(scripts) > 3
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        stops = "set -euo pipefail"
        assert stops in text or '/env.sh"' in text, script.name
        if script.name != "env.sh":
            assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
            subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_runner_refuses_a_stage_that_it_does_not_know() -> None:
    runner = [sys.executable, str(ROOT / "scripts" / "run_tests.py"), "unti"]
    done = subprocess.run(runner, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no stage unti" in done.stderr


def test_security_page_gives_the_form_of_keys() -> None:
    """Scanners for leaked keys are set up from these pages."""
    from indelible.server.access import token

    keys = [token.encode_key(token.new_key(kind, os.urandom)) for kind in get_args(token.KeyKind)]
    keys.append(token.encode_viewer(token.new_viewer(os.urandom)))
    for name in ("SECURITY.md", "docs/operations.md"):
        page = (ROOT / name).read_text(encoding="utf-8")
        found = re.search(r"^ *(ind_.*)$", page, re.MULTILINE)
        assert found
        assert all(re.fullmatch(found[1], key) for key in keys)


def test_statements_about_events_begin_with_the_reach_of_a_caller() -> None:
    """A condition that names the tenant itself would forget what else binds the caller."""
    # These ask the table of known values, which callers of a part of the log are not shown.
    known_values = {"reach.py", "filters/base.py"}
    folder = SOURCE / "indelible" / "server" / "query"
    # Gaps are told to callers of the whole log only.
    for path in folder.rglob("*.py"):
        name = str(path.relative_to(folder))
        if name not in known_values | {"gaps.py"}:
            assert "tenant =" not in path.read_text(), name
