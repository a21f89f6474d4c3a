"""MLflow (Flask, SQLAlchemy) with its basic-auth application, served by gunicorn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.frameworks.conftest import HERE, Product, changes, only

pytestmark = pytest.mark.timeout(900)
API = "/api/2.0/mlflow"


def test_mlflow(product: Callable[..., Product]) -> None:
    mlflow = product("mlflow", newest="3.13")
    folder = mlflow.folder
    (folder / "audit.py").write_text((HERE / "mlflow" / "audit.py").read_text())
    (folder / "auth.ini").write_text(
        "[mlflow]\ndefault_permission = READ\n"
        f"database_uri = sqlite:///{folder}/auth.db\n"
        "admin_username = root\nadmin_password = right-and-long\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    url = mlflow.serve(
        "-m", "gunicorn", "--workers", "1", "--bind", "127.0.0.1:{port}", "audit:app",
        "--timeout", "120", path="/version",
        MLFLOW_AUTH_CONFIG_PATH=str(folder / "auth.ini"),
        MLFLOW_FLASK_SERVER_SECRET_KEY="for this test",
        _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{folder}/mlflow.db",
        _MLFLOW_SERVER_REGISTRY_STORE=f"sqlite:///{folder}/mlflow.db",
        _MLFLOW_SERVER_ARTIFACT_ROOT=str(folder / "artifacts"),
        _MLFLOW_SGI_NAME="gunicorn",
    )  # fmt: skip

    def call(path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
        reply = browser.request(method, API + path, json=body)
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    with httpx.Client(base_url=url, timeout=60, auth=("root", "right-and-long")) as browser:
        wrong = browser.post(f"{API}/experiments/create", json={"name": "x"}, auth=("root", "no"))
        assert wrong.status_code == 401
        number = call("/experiments/create", name="north")["experiment_id"]
        call("/experiments/update", experiment_id=number, new_name="south")
        run = call("/runs/create", experiment_id=number, run_name="first")["run"]["info"]["run_id"]
        call("/runs/log-parameter", run_id=run, key="rate", value="0.1")
        call("/runs/set-tag", run_id=run, key="stage", value="trial")
        call("/runs/set-tag", run_id=run, key="stage", value="final")
        call("/registered-models/create", name="forecast")
        call("/registered-models/update", "PATCH", name="forecast", description="weekly")
        call("/registered-models/delete", "DELETE", name="forecast")
        call("/users/create", username="bert", password="another-long-one")
        denied = browser.post(
            f"{API}/experiments/update",
            json={"experiment_id": number, "new_name": "mine"},
            auth=("bert", "another-long-one"),
        )
        assert denied.status_code == 403
        call("/experiments/delete", experiment_id=number)

    told = mlflow.events("DeleteExperiment")
    root = {"kind": "user", "id": "root"}

    def made(path: str, status: int = 200) -> dict[str, Any]:
        return only(told, endpoint=API + path, status=status)

    failed = made("/experiments/create", 401)
    assert (failed["outcome"], failed["actor"]["kind"]) == ("denied", "anonymous")
    created = made("/experiments/create")
    assert (created["operation"], created["actor"]) == ("CreateExperiment", root)
    assert created["origin"]["ip"] == "127.0.0.1"
    row = f"sqlexperiment/{number}"
    assert changes(created)[f"{row}.name"] == (None, "north")
    renamed = made("/experiments/update")
    assert changes(renamed)["name"] == ("north", "south")
    assert renamed["targets"] == [{"type": "sqlexperiment", "id": number, "name": "south"}]
    first, second = (e for e in told if e["operation"] == "SetTag")
    assert changes(first)["value"] == (None, "trial")
    assert changes(second) == {"value": ("trial", "final")}
    assert changes(made("/runs/log-parameter"))["value"] == (None, "0.1")
    model = made("/registered-models/update")
    assert changes(model)["description"] == ("", "weekly")
    dropped = made("/registered-models/delete")
    assert changes(dropped)["sqlregisteredmodel/default/forecast.name"] == ("forecast", None)
    user = made("/users/create")
    assert changes(user)["username"] == (None, "bert")
    assert changes(user)["password_hash"] == (None, "[redacted]")
    refused = made("/experiments/update", 403)
    assert (refused["outcome"], refused.get("changes")) == ("denied", [])
    gone = made("/experiments/delete")
    assert changes(gone)[f"{row}.lifecycle_stage"] == ("active", "deleted")
    assert f"sqlrun/{run}.lifecycle_stage" in changes(gone)
    assert all(event["actor"] == root for event in told if event.get("status") == 200)
    assert "right-and-long" not in str(told)
    assert "another-long-one" not in str(told)
