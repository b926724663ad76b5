"""Absolute addresses of this site begin with the one that the operator set, whatever a request's Host header says.

Django and its libraries make them with `request.build_absolute_uri()`: links in mails about passwords, where single
sign-on leads back to, links to copy. Who sends a Host of theirs would choose where those lead.
"""

from collections.abc import Callable
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri

from core.links import absolute


class PublicAddressMiddleware:
    """Before everything that makes addresses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LIGHTLY_PUBLIC_URL_IS_SET:

            def build_absolute_uri(location: str | None = None) -> str:
                there = request.get_full_path() if location is None else location
                return urljoin(absolute(request.path), iri_to_uri(there))

            request.build_absolute_uri = build_absolute_uri  # type: ignore[method-assign]
        return self.get_response(request)
