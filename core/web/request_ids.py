"""An id for each request: in the answer's header, on error pages, and in every log line about it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core import log_context

HEADER = "X-Request-ID"


class RequestIdMiddleware:
    """The first of all. A proxy's own id is kept, if there are trusted proxies and it has the form of one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _of_proxy(request) or log_context.new_request_id()
        vars(request)[log_context.REQUEST_ID] = request_id
        with log_context.about(request_id=request_id):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


def request_id_of(request: HttpRequest) -> str:
    """As the header of the answer has it; "" outside of the middleware."""
    return str(vars(request).get(log_context.REQUEST_ID, ""))


def _of_proxy(request: HttpRequest) -> str:
    if not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return ""  # anybody may have written it
    return log_context.sane_request_id(request.headers.get(HEADER, ""))
