"""Where a request comes from: the door, the address, the person or the API token. Kept while it is answered.

A middleware keeps it, so that services need no request to write to the log. Only the request's own thread writes to the
log, whatever other threads may know of it. Workers and commands have no request: what they do, the system does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from core.web.throttle import address_of
from teams.actions import Via
from teams.models import ApiToken, User

_LONGEST_ADDRESS = 64


@dataclass
class Origin:
    request: HttpRequest
    token_name: str = ""

    @property
    def via(self) -> Via:
        path = self.request.path
        return Via.API if path.startswith("/v1/") else Via.ADMIN if path.startswith("/admin/") else Via.PAGE

    @property
    def address(self) -> str:
        """Of the client, by the same rule as throttles: behind proxies of the operator's, what these saw."""
        return address_of(self.request)[:_LONGEST_ADDRESS]

    @property
    def person(self) -> User | None:
        """Who is signed in, or has the token."""
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def kept(request: HttpRequest) -> Iterator[None]:
    """What is written to the log inside of this comes from this request."""
    before = _current.set(Origin(request))
    try:
        yield
    finally:
        _current.reset(before)


def current() -> Origin | None:
    return _current.get()


def came_with(token: ApiToken) -> None:
    """The request has this API token. Its name stands in the log from now on, never the token."""
    origin = current()
    if origin:
        origin.token_name = token.name
