"""The files in deploy/: valid in form, hardened, and in step with the settings and routes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from indelible.server.settings import OTHER_VARIABLES, TABLE
from indelible.server.web.table import all_routes

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "indelible.service"
CONTAINERFILE = DEPLOY / "container" / "Containerfile"
VARIABLES = {row.variable for row in TABLE} | OTHER_VARIABLES


def documents() -> list[dict[str, Any]]:
    text = (DEPLOY / "kubernetes" / "indelible.yaml").read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document]


def pod() -> dict[str, Any]:
    (stateful,) = (item for item in documents() if item["kind"] == "StatefulSet")
    spec: dict[str, Any] = stateful["spec"]["template"]["spec"]
    return spec


def test_kubernetes_files_are_valid() -> None:
    found = documents()
    assert [item["kind"] for item in found] == ["Service", "Service", "StatefulSet"]
    for item in found:
        kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)


def test_the_validator_would_notice() -> None:
    broken = documents()[2]
    broken["spec"]["replicas"] = "one"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_the_pod_is_locked_down() -> None:
    spec = pod()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in [*spec["initContainers"], *spec["containers"]]:
        locked = container["securityContext"]
        assert locked["readOnlyRootFilesystem"] is True
        assert locked["allowPrivilegeEscalation"] is False
        assert locked["capabilities"] == {"drop": ["ALL"]}


def test_probes_are_routes_and_there_is_time_to_drain() -> None:
    (container,) = pod()["containers"]
    paths = {api.path for api in all_routes() if api.permit is None}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
    drain = next(row.default for row in TABLE if row.key == "service.drain_seconds")
    assert pod()["terminationGracePeriodSeconds"] >= 2 * drain
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) >= 2 * drain


@pytest.mark.parametrize("path", sorted(p for p in DEPLOY.rglob("*") if p.is_file()), ids=str)
def test_variables_are_settings(path: Path) -> None:
    named = set(re.findall(r"\bINDELIBLE_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named <= VARIABLES


def test_the_container_is_not_root_and_stops_in_order() -> None:
    lines = CONTAINERFILE.read_text(encoding="utf-8").splitlines()
    assert "USER 10001:10001" in lines
    assert "STOPSIGNAL SIGTERM" in lines
    # No shell between the signal and the service.
    assert 'ENTRYPOINT ["indelible"]' in lines
    user = pod()["securityContext"]["runAsUser"]
    assert user == 10001


def test_the_unit_is_valid_and_hardened(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze here; on Debian: sudo apt-get install -y systemd")
    unit = tmp_path / "indelible.service"
    # Its program and its account are there only where it is installed.
    text = UNIT.read_text(encoding="utf-8").replace("/opt/indelible/bin/indelible", "/bin/true")
    unit.write_text(text.replace("=indelible\n", "=root\n").replace("y=root\n", "y=indelible\n"))
    done = subprocess.run(
        [tool, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "indelible.service" in line]
    assert complaints == []
    done = subprocess.run(
        [tool, "security", "--offline=yes", "--threshold=25", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    # At most 2.5 of 10 points of exposure; systemd calls that OK.
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
