"""
The software bill of materials of the wheel, in CycloneDX 1.6, made from requirements.lock.

It names the packages that `indelible[server]` installs on Linux, with their locked versions, in a
fixed order and without time or serial number, so that the same lock gives the same bytes. The
hashes of their files stand in the lock.

    scripts/make_sbom.py            writes sbom/indelible.cdx.json
    scripts/make_sbom.py --check    says whether it is up to date
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SBOM = ROOT / "sbom" / "indelible.cdx.json"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
# Markers are judged for one place, so that it does not matter where this runs.
_PLACE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}


def locked() -> dict[str, str]:
    """Name → version, as the lock has them."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in _PINNED.findall(text)}


def wanted(project: dict[str, Any]) -> Iterator[Requirement]:
    """What the project itself asks for with the extra `server`."""
    extras = project["optional-dependencies"]
    names = [*project["dependencies"], *extras["server"], *extras["verify"]]
    for text in names:
        requirement = Requirement(text)
        if requirement.name != project["name"]:
            yield requirement


def closure(project: dict[str, Any]) -> dict[str, set[str]]:
    """Each package that is installed → those that it asks for."""
    versions = locked()
    tree: dict[str, set[str]] = {}
    waiting = [(requirement, frozenset(requirement.extras)) for requirement in wanted(project)]
    while waiting:
        requirement, extras = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in tree or name not in versions:
            continue
        tree[name] = set()
        try:
            asked = requires(name) or []
        except PackageNotFoundError:
            asked = []  # of another platform: its own needs are not known here
        for text in asked:
            child = Requirement(text)
            marker = child.marker
            if marker is None or any(
                marker.evaluate({**_PLACE, "extra": one}) for one in extras | {""}
            ):
                tree[name].add(canonicalize_name(child.name))
                waiting.append((child, frozenset(child.extras)))
    return {name: needs & tree.keys() for name, needs in tree.items()}


def make() -> bytes:
    """The document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = locked()
    tree = closure(project)

    def reference(name: str) -> str:
        return f"pkg:pypi/{name}@{versions[name]}"

    own = f"pkg:pypi/{project['name']}@{project['version']}"
    direct = {canonicalize_name(one.name) for one in wanted(project)} & tree.keys()
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"license": {"id": project["license"]}}],
            },
        },
        "components": [
            {
                "type": "library",
                "bom-ref": reference(name),
                "name": name,
                "version": versions[name],
                "purl": reference(name),
            }
            for name in sorted(tree)
        ],
        "dependencies": [
            {"ref": own, "dependsOn": sorted(map(reference, direct))},
            *(
                {"ref": reference(name), "dependsOn": sorted(map(reference, tree[name]))}
                for name in sorted(tree)
            ),
        ],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def main(arguments: list[str]) -> int:
    made = make()
    if "--check" in arguments:
        if SBOM.exists() and SBOM.read_bytes() == made:
            return 0
        print(
            f"{SBOM.relative_to(ROOT)} is not that of requirements.lock; run scripts/make_sbom.py"
        )
        return 1
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_bytes(made)
    print(f"{SBOM.relative_to(ROOT)}: {len(json.loads(made)['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
