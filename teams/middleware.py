"""Until somebody exists, every page leads to the welcome page that creates the owner."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from teams.models import User
from teams.services import nobody_yet, saw

GetResponse = Callable[[HttpRequest], HttpResponse]


def is_api(request: HttpRequest) -> bool:
    """The REST API has tokens of its own, and answers in JSON: no page must get in its way."""
    return request.path.startswith("/v1/")


class LoginWallMiddleware(LoginRequiredMiddleware):
    """Pages want somebody signed in; the REST API asks for its tokens itself."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if is_api(request):
            return None
        user = getattr(request, "user", None)
        if isinstance(user, User) and user.is_authenticated:
            saw(user)
        return super().process_view(request, view_func, view_args, view_kwargs)


class FirstRunMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.somebody_exists = False  # once true it stays true, so the question costs one query per process

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.somebody_exists and not request.path.startswith(settings.STATIC_URL):
            self.somebody_exists = not nobody_yet()
            if not self.somebody_exists and request.path != reverse("teams:welcome") and not is_api(request):
                return redirect("teams:welcome")
        return self.get_response(request)
