"""Its views."""

from __future__ import annotations

import asyncio
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from tests.capture.shop.models import Depot

from indelible.client import audited, describe


@csrf_exempt
def log_in(request: Any) -> HttpResponse:
    user = authenticate(request, username=request.POST["name"], password=request.POST["password"])
    if user is None:
        return HttpResponse(status=401)
    login(request, user)
    return HttpResponse("in")


@csrf_exempt
def log_out(request: Any) -> HttpResponse:
    logout(request)
    return HttpResponse("out")


@csrf_exempt
@login_required
def rename_depot(request: Any, pk: int) -> HttpResponse:
    depot = Depot.objects.get(pk=pk)
    depot.name = request.POST["name"]
    depot.save()
    return HttpResponse("renamed")


@csrf_exempt
async def arename_depot(request: Any, pk: int) -> HttpResponse:
    await Depot.objects.filter(pk=pk).aupdate(name="async")
    await asyncio.sleep(0)
    describe(reason="because")
    return HttpResponse("renamed")


@csrf_exempt
def fail(request: Any) -> HttpResponse:
    raise ZeroDivisionError("secret=hunter2")


def forbidden(request: Any) -> HttpResponse:
    raise PermissionDenied


@csrf_protect
def protected(request: Any) -> HttpResponse:
    return HttpResponse("never")


@csrf_exempt
def stream(request: Any) -> StreamingHttpResponse:
    def pieces() -> Any:
        yield b"a"
        describe(reason="at the end")
        yield b"b"

    return StreamingHttpResponse(pieces())


class Report(View):
    @audited("ReadReport", record=True)
    def get(self, request: Any, name: str) -> HttpResponse:
        return HttpResponse(name)


@csrf_exempt
def edit(request: Any) -> HttpResponse:
    return HttpResponse("edited")


urlpatterns = [
    path("login", log_in, name="log_in"),
    path("logout", log_out, name="log_out"),
    path("depots/<int:pk>/rename", rename_depot, name="rename_depot"),
    path("depots/<int:pk>/arename", arename_depot, name="arename_depot"),
    re_path(r"^reports/(?P<name>[a-z]+(?:-[a-z]+)*)/$", Report.as_view(), name="report"),
    path("fail", fail),
    path("forbidden", forbidden),
    path("protected", protected),
    path("stream", stream),
    path("stock/", include(([path("edit", edit, name="edit")], "stock"))),
]
