from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request behind the htmx middleware. For type checkers only."""

    htmx: HtmxDetails
