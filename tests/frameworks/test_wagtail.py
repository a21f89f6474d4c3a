"""Wagtail (Django): a site made by its own start command, served by gunicorn with two workers."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from tests.frameworks.conftest import HERE, Product, changes, only

pytestmark = pytest.mark.timeout(900)


def post(browser: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    """Opens the form and sends it with its own hidden fields and these."""
    page = browser.get(path)
    assert page.status_code == 200, (path, page.status_code)
    csrf = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
    headers = {"referer": str(browser.base_url.join(path))}
    return browser.post(path, data={"csrfmiddlewaretoken": csrf, **fields}, headers=headers)


def page_form(title: str, slug: str) -> dict[str, str]:
    formset = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0"}
    comments = {f"comments-{name}": value for name, value in formset.items()}
    return {"title": title, "slug": slug, "seo_title": "", "search_description": "",
            "go_live_at": "", "expire_at": "", "action-publish": "1", **comments}  # fmt: skip


def test_wagtail(product: Callable[..., Product]) -> None:
    wagtail = product("wagtail")
    site = wagtail.folder / "site"
    site.mkdir()
    wagtail.run("-m", "wagtail.bin.wagtail", "start", "depot", str(site))
    wagtail.folder = site
    settings = site / "depot" / "settings" / "base.py"
    settings.write_text(settings.read_text() + (HERE / "wagtail" / "audit.py").read_text())
    wagtail.run("manage.py", "migrate", "-v0")
    for name in ("ana", "bert"):
        wagtail.run(
            "manage.py", "createsuperuser", "--noinput", "--username", name,
            "--email", f"{name}@meridian.example", DJANGO_SUPERUSER_PASSWORD="right-and-long",
        )  # fmt: skip
    url = wagtail.serve(
        "-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:{port}", "depot.wsgi",
        DJANGO_SETTINGS_MODULE="depot.settings.dev", path="/admin/login/",
    )  # fmt: skip

    headers = {"x-forwarded-for": "203.0.113.7"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as browser:
        wrong = {"username": "ana", "password": "hunter2-wrong"}
        assert post(browser, "/admin/login/", wrong).status_code == 200
        right = {"username": "ana", "password": "right-and-long"}
        assert post(browser, "/admin/login/", right).status_code == 302
        added = post(browser, "/admin/pages/add/home/homepage/3/", page_form("North", "north"))
        assert added.status_code == 302, re.findall(r"error-message.*?</", added.text, re.DOTALL)
        edit = re.findall(r"/admin/pages/\d+/", browser.get("/admin/pages/3/").text)
        number = max(int(re.findall(r"\d+", path)[0]) for path in edit)
        path = f"/admin/pages/{number}/"
        assert post(browser, f"{path}edit/", page_form("South", "south")).status_code == 302
        assert post(browser, f"{path}delete/", {}).status_code == 302
        users = browser.get("/admin/users/").text
        bert = max(int(n) for n in re.findall(r"/admin/users/edit/(\d+)/", users))
        fields = {"username": "bert", "email": "b@meridian.example", "first_name": "Bert",
                  "last_name": "Brandt", "is_active": "on"}  # fmt: skip
        assert post(browser, f"/admin/users/edit/{bert}/", fields).status_code == 302
        assert browser.post(f"{path}delete/").status_code == 403  # without the CSRF token
        assert post(browser, "/admin/account/", {}).status_code in (200, 302)
        csrf = browser.cookies["csrftoken"]
        logout = browser.post(
            "/admin/logout/", data={"csrfmiddlewaretoken": csrf}, headers={"referer": url}
        )
        assert logout.status_code == 302

    told = wagtail.events("CloseSession", "CreateUser")
    ana = {"kind": "user", "id": "1", "email": "ana@meridian.example", "name": "ana"}
    # Made on the command line, by no person of the product.
    created, other = (event for event in told if event["operation"] == "CreateUser")
    assert (created["targets"][0]["id"], other["targets"][0]["id"]) == ("1", str(bert))
    assert changes(created)["is_superuser"] == (None, True)
    assert "right-and-long" not in str(told)
    assert "hunter2" not in str(told)

    failed = only(told, method="LoginFailed")
    assert (failed["outcome"], failed["targets"][0]["name"]) == ("failure", "ana")
    assert failed["origin"]["ip"] == "203.0.113.7"
    login = only(told, method="UserLogin")
    assert login["actor"] == ana

    made = only(told, method="POST", endpoint="/admin/pages/add/{content_type_app_name}/"
                "{content_type_model_name}/{parent_page_id}/", status=302)  # fmt: skip
    assert (made["operation"], made["actor"]) == ("AddWagtailadminPages", ana)
    homepage = {"type": "homepage", "id": str(number), "name": "North"}
    assert homepage in made["targets"]
    assert changes(made)[f"homepage/{number}.title"] == (None, "North")

    edited = only(told, endpoint="/admin/pages/{page_id}/edit/", status=302)
    assert changes(edited)[f"homepage/{number}.title"] == ("North", "South")
    assert changes(edited)[f"homepage/{number}.slug"] == ("north", "south")
    assert edited["actor"] == ana

    gone = only(told, endpoint="/admin/pages/{page_id}/delete/", status=302)
    assert changes(gone)[f"homepage/{number}.title"] == ("South", None)

    user = only(told, endpoint="/admin/users/edit/{pk}/", status=302)
    assert changes(user)[f"user/{bert}.email"] == ("bert@meridian.example", "b@meridian.example")
    assert changes(user)[f"user/{bert}.is_superuser"] == (True, False)
    assert only(told, status=403)["outcome"] == "denied"
    assert only(told, method="UserLogout")["actor"] == ana
