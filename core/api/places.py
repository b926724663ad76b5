"""Takes a request's place in a lane before the database is asked anything, if its token has been here before.

Who sends far more requests than a lane holds is refused most of the time. A refusal that first looks up the token, the
person and the dataset takes ten times as long as one that does not, and a hundred of them a second keep a web process
busy. So each process remembers whose a token was and which team a dataset belongs to. It uses that to count and to
refuse, never to let somebody in: who has a place is asked for their token and rights as always.

A place is held until the request ends (`PlacesMiddleware`), whatever becomes of it.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from django.http import HttpRequest, HttpResponse

from core.api.client_version import client_version
from core.api.lanes import Lane
from core.web import crowd

# Of the tokens, and of the datasets, that were used last.
MOST_REMEMBERED = 5000
# The oldest client known to ask again and again where a listing is refused for the moment.
FIRST_PATIENT_CLIENT = (1, 5, 26)
_ATTRIBUTE = "_place_in_a_lane"


class Recent:
    """What was said last of each key; of the oldest keys it forgets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[str, Hashable] = OrderedDict()

    def set(self, key: str, value: Hashable) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > MOST_REMEMBERED:
                self._values.popitem(last=False)

    def get(self, key: str) -> Hashable:
        """None if nothing is known of it."""
        with self._lock:
            return self._values.get(key)


_people, _teams = Recent(), Recent()


def person_in_lanes(request: HttpRequest, person: Hashable) -> Hashable:
    """Who shares a lane's room with others. A person's old, impatient client does not compete with their new one."""
    version = client_version(request)
    return person, version is not None and version < FIRST_PATIENT_CLIENT


def take_early(request: HttpRequest, lane: Lane | None, token: str, dataset_id: str) -> None:
    """`token`: a digest, for no secret stays here. Without a lane, it is one of the person's requests like their pages.

    Raises LaneFullError, or TooManyError where there is no lane.
    """
    person = _people.get(token)
    if lane is None:
        _hold(request, crowd.REQUESTS.turn(token if person is None else person))
    elif person is not None:
        # Of a dataset that nobody has used yet, or that does not exist, the person shares with themselves alone.
        team = _teams.get(dataset_id)
        if team is None:
            team = (person, "no team")
        _hold(request, lane.turn(person_in_lanes(request, person), _work(request), team=team))


def remember(token: str, person: str) -> None:
    """The token with this digest is good, and this person's, named as in their sessions."""
    _people.set(token, person)


def enter(request: HttpRequest, lane: Lane, *, person: Hashable, dataset_id: str, team: Hashable) -> None:
    """Wait for this request's turn in the lane, unless it is in there already. Raises LaneFullError."""
    _teams.set(dataset_id, team)
    if getattr(request, _ATTRIBUTE, None) is None:
        _hold(request, lane.turn(person_in_lanes(request, person), _work(request), team=team))


def _work(request: HttpRequest) -> Hashable:
    return hash(request.get_full_path())


def _hold(request: HttpRequest, place: contextlib.AbstractContextManager[Any]) -> None:
    place.__enter__()
    setattr(request, _ATTRIBUTE, place)


class PlacesMiddleware:
    """Outside of all that may take a place."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            place = getattr(request, _ATTRIBUTE, None)
            if place is not None:
                place.__exit__(None, None, None)
