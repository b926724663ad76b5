"""Keeps threads of the web server free for pages: so many requests may talk to a cloud at once, and no more.

A request that finds its lane full waits a moment for its turn, holding a thread. When too many wait, it is refused and
told when to come back (503). All official clients do so by themselves: urllib3 sleeps for what Retry-After says, up to
three times. Then 1.5.26 tries five times more, with pauses of 10 s and more in between; 1.3.3 and 1.4.5 give up, but
they never list in parts side by side. Whoever comes back keeps their turn, so the parts of a large listing go ahead one
after the other instead of by luck.

Plain Python. The numbers are per web process; `WEB_THREADS` follows from them.
"""

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

LONGEST_RETRY_AFTER = 10
# Somebody who was told when to come back is expected until so many seconds later,
GRACE_SECONDS = 1.5
# and keeps their turn for so long: the client's own pauses between attempts grow to 16 s.
KEPT_SECONDS = 40.0
# So many turns are kept at most, whatever a script does.
MOST_KEPT = 1000
# How much the newest call changes our idea of how long calls take.
NEWEST_WEIGHT = 0.2


class LaneFullError(Exception):
    """Come back in `retry_after` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"come back in {retry_after} s")
        self.retry_after = retry_after


@dataclass(eq=False)
class _Ticket:
    number: int  # in order of first arrival
    person: Hashable
    team: Hashable
    expected_until: float = 0.0
    kept_until: float = 0.0


class Lane:
    """At most `calls` at once, of one person `calls_per_person`, to one team's clouds `calls_per_team`; `places` more
    may wait, each for `wait_seconds`.
    """

    def __init__(
        self, *, calls: int, calls_per_person: int, calls_per_team: int, places: int, wait_seconds: float
    ) -> None:
        self.calls = calls
        self.calls_per_person = calls_per_person
        self.calls_per_team = calls_per_team
        self.wait_seconds = wait_seconds
        self.most_inside = calls + places
        # The rest stays free for others, who so get their share at once.
        self.most_inside_per_person = self.most_inside - (calls - calls_per_person)
        self.most_inside_per_team = self.most_inside - (calls - calls_per_team)
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._working: list[_Ticket] = []
        self._waiting: list[_Ticket] = []
        self._away: dict[Hashable, _Ticket] = {}
        self._usual_seconds = 0.5

    @contextlib.contextmanager
    def turn(self, person: Hashable, work: Hashable, *, team: Hashable) -> Iterator[None]:
        """Do one call inside. `work` is the same when a refused request comes back. Raises LaneFullError."""
        ticket = self._enter(person, team, (person, work))
        began_at = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._working.remove(ticket)
                self._usual_seconds += NEWEST_WEIGHT * (time.monotonic() - began_at - self._usual_seconds)
                self._changed.notify_all()

    def is_crowded(self) -> bool:
        """Whether somebody waits for their turn, here or until they come back."""
        with self._changed:
            return bool(self._waiting or self._expected(time.monotonic()))

    def _enter(self, person: Hashable, team: Hashable, key: Hashable) -> _Ticket:
        with self._changed:
            ticket = self._away.pop(key, None) or _Ticket(next(self._numbers), person, team)
            if not self._admits(ticket):
                raise self._refusal(key, ticket)
            self._waiting.append(ticket)
            has_turn = self._changed.wait_for(lambda: self._next() is ticket, self.wait_seconds)
            self._waiting.remove(ticket)
            if has_turn:
                self._working.append(ticket)
            self._changed.notify_all()  # the next one may go ahead too
            if not has_turn:
                raise self._refusal(key, ticket)
            return ticket

    def _next(self) -> _Ticket | None:
        """Who goes ahead, if there is room: of the people with the fewest calls, who came first."""
        working = Counter(ticket.person for ticket in self._working)
        teams = Counter(ticket.team for ticket in self._working)
        allowed = [
            ticket
            for ticket in self._waiting
            if working[ticket.person] < self.calls_per_person and teams[ticket.team] < self.calls_per_team
        ]
        if not allowed or len(self._working) >= self.calls:
            return None
        return min(allowed, key=lambda ticket: (working[ticket.person], ticket.number))

    def _admits(self, ticket: _Ticket) -> bool:
        """Whether there is room inside even if all who came earlier, and are expected back, were here already."""
        inside = Counter(other.person for other in self._working + self._waiting)
        of_team = sum(other.team == ticket.team for other in self._working + self._waiting)
        if of_team >= self.most_inside_per_team:
            return False
        is_free = inside.total() < self.calls and of_team < self.calls_per_team
        if not self._waiting and is_free and inside[ticket.person] < self.calls_per_person:
            return True  # nobody would go ahead in its stead
        expected = self._expected(time.monotonic())
        people = inside.keys() | {other.person for other in expected} | {ticket.person}
        share = max(1, min(self.most_inside_per_person, self.most_inside // len(people)))
        for other in expected:
            if other.number < ticket.number and inside[other.person] < share:
                inside[other.person] += 1
        return inside.total() < self.most_inside and inside[ticket.person] < share

    def _expected(self, now: float) -> list[_Ticket]:
        for key in [key for key, ticket in self._away.items() if ticket.kept_until < now]:
            del self._away[key]
        return [ticket for ticket in self._away.values() if ticket.expected_until >= now]

    def _refusal(self, key: Hashable, ticket: _Ticket) -> LaneFullError:
        now = time.monotonic()
        ahead = sum(other.number < ticket.number for other in self._expected(now))
        ahead += len(self._working) + len(self._waiting)
        seconds = ahead * self._usual_seconds / self.calls_per_person
        retry_after = max(1, min(LONGEST_RETRY_AFTER, round(seconds)))
        ticket.expected_until = now + retry_after + GRACE_SECONDS
        ticket.kept_until = now + retry_after + KEPT_SECONDS
        if len(self._away) < MOST_KEPT:
            self._away[key] = ticket
        return LaneFullError(retry_after)


# Listing waits for clouds and then reads and signs a thousand names; signing one URL hardly takes any time.
LISTING = Lane(calls=6, calls_per_person=4, calls_per_team=5, places=8, wait_seconds=5.0)
SIGNING = Lane(calls=4, calls_per_person=3, calls_per_team=3, places=6, wait_seconds=10.0)
# Checks that a script waits for, each for up to a check's deadline. What is beyond the lane comes back.
VERIFYING = Lane(calls=4, calls_per_person=2, calls_per_team=3, places=4, wait_seconds=5.0)
LANES = (LISTING, SIGNING, VERIFYING)

# Threads of a web process: those that the lanes can hold, and some that they can't. Of these one person's requests hold
# at most half (core.web.crowd).
THREADS_FOR_PAGES = 24
WEB_THREADS = sum(lane.most_inside for lane in LANES) + THREADS_FOR_PAGES
