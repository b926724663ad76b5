"""The pages of single sign-on, for when the provider does not answer: django-allauth lets that through as a crash."""

import functools
import logging
from collections.abc import Callable

import requests
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

logger = logging.getLogger(__name__)


def _forgiving(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @login_not_required
    @functools.wraps(view)
    def wrapped(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except (requests.RequestException, KeyError) as error:  # no answer, or one that is no configuration
            logger.warning("Single sign-on: the provider can't be used (%s)", type(error).__name__)
            return render(request, "socialaccount/authentication_error.html", status=502)

    return wrapped


urlpatterns = [
    path("<slug:provider_id>/login/", _forgiving(views.login)),
    path("<slug:provider_id>/login/callback/", _forgiving(views.callback)),
]
