"""Until somebody exists, every page leads to the welcome page that creates the owner."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from teams.services import nobody_yet

GetResponse = Callable[[HttpRequest], HttpResponse]


class FirstRunMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.somebody_exists = False  # once true it stays true, so the question costs one query per process

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.somebody_exists and not request.path.startswith(settings.STATIC_URL):
            self.somebody_exists = not nobody_yet()
            if not self.somebody_exists and request.path != reverse("teams:welcome"):
                return redirect("teams:welcome")
        return self.get_response(request)
