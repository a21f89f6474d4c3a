"""Datasette (ASGI), with a query that writes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.frameworks.conftest import HERE, Product, only

pytestmark = pytest.mark.timeout(900)
METADATA = {
    "databases": {
        "shop": {
            "queries": {
                "AddDepot": {
                    "sql": "INSERT INTO depots (name) VALUES (:name)",
                    "write": True,
                    "allow": {"id": "root"},
                }
            }
        }
    }
}


def test_datasette(product: Callable[..., Product]) -> None:
    datasette = product("datasette")
    folder: Path = datasette.folder
    (folder / "plugins").mkdir()
    (folder / "plugins" / "audit.py").write_text((HERE / "datasette" / "audit.py").read_text())
    (folder / "metadata.json").write_text(json.dumps(METADATA))
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("CREATE TABLE depots (id INTEGER PRIMARY KEY, name TEXT)")
    url = datasette.serve(
        "-m", "datasette", "shop.db", "--root", "--port", "{port}", "--metadata", "metadata.json",
        "--plugins-dir", "plugins",
    )  # fmt: skip
    token = re.findall(r"token=(\w+)", (folder / "server.log").read_text())[0]

    with httpx.Client(base_url=url, headers={"user-agent": "drive/1"}) as browser:
        assert browser.get("/-/auth-token", params={"token": "wrong"}).status_code == 403
        assert browser.get("/shop/AddDepot").status_code == 403
        assert browser.get("/-/auth-token", params={"token": token}).status_code == 302
        page = browser.get("/shop/AddDepot")
        assert page.status_code == 200
        csrf = browser.cookies["ds_csrftoken"]
        form = {"name": "north", "csrftoken": csrf}
        assert browser.post("/shop/AddDepot", data=form).status_code == 302
        assert browser.post("/shop/AddDepot", data={"name": "x"}).status_code == 403
        assert browser.get("/shop/depots.json").json()["rows"] == [[1, "north"]]
        assert browser.post("/-/logout", data={"csrftoken": csrf}).status_code == 302

    told = datasette.events("AddDepot")
    root = {"kind": "user", "id": "root"}
    made = only(told, method="POST", endpoint="/shop/AddDepot", status=302)
    assert (made["operation"], made["outcome"]) == ("AddDepot", "success")
    assert made["actor"] == root
    assert made["origin"] == {"ip": "127.0.0.1", "peer_ip": "127.0.0.1", "user_agent": "drive/1"}
    assert made["targets"] == [{"type": "query", "id": "shop/AddDepot"}]
    body = made["metadata"]["request_body"]
    assert (body["name"], csrf in str(told)) == ("north", False)
    denied = only(told, method="GET", endpoint="/-/auth-token", status=403)
    assert (denied["outcome"], denied["actor"]["kind"]) == ("denied", "anonymous")
    assert only(told, method="GET", endpoint="/shop/AddDepot", status=403)["outcome"] == "denied"
    assert only(told, method="POST", endpoint="/shop/AddDepot", status=403)["outcome"] == "denied"
    assert only(told, method="POST", endpoint="/-/logout", status=302)["actor"] == root
    assert token not in str(told)
    assert len(told) == 5  # reading leaves none
