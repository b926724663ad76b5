"""Who gets past which wall: nobody before the first owner, nobody unknown, nobody without a demanded second factor."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRedirect

from teams.access import SECOND_FACTORS, needs_second_factor
from teams.audit import origin
from teams.models import User
from teams.services import nobody_yet, saw
from teams.sign_in import wanted_page

GetResponse = Callable[[HttpRequest], HttpResponse]


def is_api(request: HttpRequest) -> bool:
    """The REST API has tokens of its own, and answers in JSON: no page must get in its way."""
    return request.path.startswith("/v1/")


def is_for_operators(request: HttpRequest) -> bool:
    """Asked by programs that watch this one. A redirect to a page would tell them that all is well."""
    return request.path in {"/healthz", "/readyz", "/metrics"}


class OriginMiddleware:
    """Whatever the log is told while a request is answered comes from this request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with origin.kept(request):
            return self.get_response(request)


class PageCompressionMiddleware(GZipMiddleware):
    """Pages are mostly bulbs and shrink to a tenth. Answers of the API are mostly signatures, which don't."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if is_api(request) else super().process_response(request, response)


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


class TwoFactorWallMiddleware:
    """Until a person has the second factor their team asks for, every page leads to where it is set up.

    From there they get on to the page they wanted.
    """

    OPEN = ("/accounts/", "/v1/", "/healthz", "/readyz")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith((*self.OPEN, settings.STATIC_URL)):
            return self.get_response(request)
        if not needs_second_factor(request.user) or get_mfa_adapter().is_mfa_enabled(request.user, SECOND_FACTORS):
            wanted_page.forget(request)
            return self.get_response(request)
        wanted_page.remember(request)
        messages.warning(request, gettext("Your team requires two-factor authentication. Set it up to continue."))
        where = reverse("mfa_index")
        return HttpResponseClientRedirect(where) if request.headers.get("HX-Request") else redirect(where)


class UnkeptPagesMiddleware:
    """Recovery codes, an app's key, a form for a new password: neither the browser nor its back button keeps those."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/accounts/"):
            add_never_cache_headers(response)
        return response


class FirstRunMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.somebody_exists = False  # once true it stays true, so the question costs one query per process

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watched = is_for_operators(request)
        if not self.somebody_exists and not watched and not request.path.startswith(settings.STATIC_URL):
            self.somebody_exists = not nobody_yet()
            if not self.somebody_exists and request.path != reverse("teams:welcome") and not is_api(request):
                return redirect("teams:welcome")
        return self.get_response(request)
