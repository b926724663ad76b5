"""What people and scripts get when a request fails for a reason outside of it, and who may ask at all.

These pages ask no database: it may be what is away.
"""

import errno
import sys
from collections.abc import Callable
from typing import ClassVar

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext, gettext_lazy

from core.web.request_ids import request_id_of
from monitoring.probes import healthz, readyz
from teams.middleware import is_api

DATABASE_AWAY = gettext_lazy("The database does not answer right now. Nothing was saved. Try again in a moment.")
DISK_FULL = gettext_lazy("The server's disk is full, so nothing can be saved. Tell the person who runs this server.")
# In seconds. A database that is busy is free again soon, and a disk is not.
SOON, LATER = 5, 60


def passing_problem(error: BaseException | None) -> tuple[str, int] | None:
    """What to say, and after how many seconds to come back; None if the request itself, or our code, is at fault."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return str(DISK_FULL), LATER
    if isinstance(error, OperationalError) and any(word in str(error).lower() for word in ("disk", "no space")):
        return str(DISK_FULL), LATER
    if isinstance(error, OperationalError | InterfaceError):
        return str(DATABASE_AWAY), SOON
    return None


def error_answer(status: int, code: str, message: str, *, retry_after: int | None = None) -> HttpResponse:
    """An error of the REST API, in the official client's shape."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return JsonResponse({"code": code, "error": message}, status=status, headers=headers)


def crash_answer(request: HttpRequest) -> HttpResponse:
    """Of the REST API, when our code is at fault. The operator finds the error in the log by the request's id."""
    words = "Something went wrong on the server. The operator can see what"
    request_id = request_id_of(request)
    return error_answer(500, "UNKNOWN", f"{words}: the request is {request_id}." if request_id else f"{words}.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles what was raised, anywhere in a request."""
    error = sys.exc_info()[1]
    if isinstance(error, RecursionError):  # JSON in a form that is nested deeper than anybody means
        return render(request, "400.html", status=400)
    problem = passing_problem(error)
    if problem is None:
        if is_api(request):
            return crash_answer(request)
        page = render_to_string("500.html", {"request_id": request_id_of(request)})
        return HttpResponse(page, status=500)
    words, seconds = problem
    if is_api(request):
        return error_answer(503, "UNKNOWN", words, retry_after=seconds)
    page = render_to_string("503.html", {"problem": words})
    return HttpResponse(page, status=503, headers={"Retry-After": str(seconds)})


class DoorMiddleware:
    """One of the first. Health probes are answered whatever host they name; others must name a host of ours.

    A probe asks by the machine's address. A foreign host is no news: Django would log a traceback for each.
    """

    PROBES: ClassVar[dict[str, Callable[[HttpRequest], HttpResponse]]] = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if probe := self.PROBES.get(request.path):
            return probe(request)
        try:
            request.get_host()
        except DisallowedHost:
            words = gettext(
                "This server does not answer to this name. The person who runs it can add it to ALLOWED_HOSTS."
            )
            return HttpResponse(f"{words}\n", content_type="text/plain", status=400)
        return self.get_response(request)


class UnkeptAnswersMiddleware:
    """Answers of the REST API hold signed URLs and new tokens, so no cache and no browser may keep any of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_api(request):
            patch_cache_control(response, no_store=True, private=True)
        return response
