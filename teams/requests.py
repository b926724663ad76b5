from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from teams.models import User


class PageRequest(HttpRequest):
    """A request as pages get it: behind the login wall and the htmx middleware. For type checkers only."""

    user: User
    htmx: HtmxDetails
