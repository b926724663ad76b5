"""So many requests of one person are worked on at a time, pages and calls of the REST API together, and no more.

A page takes the processor, and all threads of a web process share one. Somebody with two hundred open pages, each of
which asks for its bulbs again and again, would take nearly all of it, and all threads too. So of one person a few
requests are worked on at a time, a few more wait, and what is beyond that is told to come back. A browser has at most
six requests under way at one server, so who has a few windows open never notices.

Calls that talk to clouds have lanes of their own instead: see core.api.places, which also asks here for all others.
"""

import contextlib
import functools
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

RETRY_AFTER_SECONDS = 2


class TooManyError(Exception):
    """Of one person. Nothing was done."""


class Crowd:
    """Of each person at most `at_once` go ahead; `places` more wait, each for `wait_seconds`. Per web process."""

    def __init__(self, *, at_once: int, places: int, wait_seconds: float) -> None:
        self.at_once = at_once
        self.most_inside = at_once + places
        self.wait_seconds = wait_seconds
        self._changed = threading.Condition()
        self._working: Counter[Hashable] = Counter()
        self._inside: Counter[Hashable] = Counter()

    @contextlib.contextmanager
    def turn(self, person: Hashable) -> Iterator[None]:
        """Raises TooManyError."""
        with self._changed:
            if self._inside[person] >= self.most_inside:
                raise TooManyError
            self._inside[person] += 1
            has_turn = self._changed.wait_for(lambda: self._working[person] < self.at_once, self.wait_seconds)
            if has_turn:
                self._working[person] += 1
            else:
                self._leave(self._inside, person)
                raise TooManyError
        try:
            yield
        finally:
            with self._changed:
                self._leave(self._working, person)
                self._leave(self._inside, person)
                self._changed.notify_all()

    @staticmethod
    def _leave(counter: Counter[Hashable], person: Hashable) -> None:
        counter[person] -= 1
        if not counter[person]:
            del counter[person]


REQUESTS = Crowd(at_once=2, places=10, wait_seconds=5.0)


class CrowdMiddleware:
    """After the session's, which tells who it is, and before all that takes time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_page = not request.path.startswith(("/v1/", "/healthz", "/readyz", "/metrics"))
        person = request.session.get(SESSION_KEY) if is_page else None
        if person is None:
            return self.get_response(request)
        try:
            with REQUESTS.turn(person):
                return self.get_response(request)
        except TooManyError:
            return HttpResponse(_words(get_language()), status=429, headers={"Retry-After": RETRY_AFTER_SECONDS})


@functools.cache
def _words(language: str | None) -> str:
    """The same for everybody, so that it costs nothing."""
    return render_to_string("429.html")
