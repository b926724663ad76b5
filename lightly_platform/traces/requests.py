"""A span for each request, named by its route. A trace never begins outside: anybody may write the header for that."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lightly_platform import traces

_SPAN = "lightly_span"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
# Asked every few seconds by machines.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class TraceMiddleware:
    """After the one that gives requests their ids. Only there if LIGHTLY_TRACES is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in _PROBES or request.path.startswith(str(settings.STATIC_URL)):
            return self.get_response(request)
        # At the first request, so in a process that will not be forked any more.
        recorder = traces.start("web")
        if recorder is None:
            return self.get_response(request)
        from opentelemetry.trace import SpanKind

        method = request.method if request.method in _METHODS else "other"
        began = recorder.begin(f"{method}", {"method": f"{method}"}, kind=SpanKind.SERVER)
        opened = vars(request)[_SPAN] = began[0]
        try:
            response = self.get_response(request)
        except BaseException as error:
            recorder.end(began, error)
            raise
        if match := request.resolver_match:
            opened.rename(f"{method} {match.view_name or match.route}")
            opened.note(route=match.route)
        opened.note(status=response.status_code)
        if response.status_code >= 500:
            opened.failed()
        recorder.end(began)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if opened := vars(request).get(_SPAN):
            opened.failed(exception)
