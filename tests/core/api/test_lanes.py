"""How many requests may talk to clouds at once, who comes next, and who is told to come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from core.api import lanes
from core.api.lanes import LANES, THREADS_FOR_PAGES, WEB_THREADS, Lane, LaneFullError
from tests.servers.process import eventually


class Calls:
    """Calls in threads of their own that end when the test says so."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.pool = ThreadPoolExecutor(64)
        self.lock = threading.Lock()
        self.working: dict[str, threading.Event] = {}
        self.order: list[str] = []

    def begin(self, person: str, work: str, team: str = "") -> Future[None]:
        return self.pool.submit(self._call, person, work, team or person)

    def _call(self, person: str, work: str, team: str) -> None:
        with self.lane.turn(person, work, team=team):
            end = threading.Event()
            with self.lock:
                self.working[work] = end
                self.order.append(work)
            assert end.wait(30)
            with self.lock:
                del self.working[work]

    def end(self, work: str) -> None:
        self.working[work].set()

    def await_working(self, *works: str) -> None:
        assert eventually(lambda: set(self.working) == set(works)), (works, set(self.working))

    def await_waiting(self, count: int) -> None:
        assert eventually(lambda: len(self.lane._waiting) == count), self.lane._waiting

    def end_all(self) -> None:
        """Until nobody is inside any more."""

        def idle() -> bool:
            for event in list(self.working.values()):
                event.set()
            return not (self.lane._working or self.lane._waiting)

        assert eventually(idle)


@pytest.fixture
def calls() -> Iterator[Calls]:
    calls = Calls(Lane(calls=3, calls_per_person=2, calls_per_team=3, places=3, wait_seconds=20.0))
    yield calls
    calls.end_all()
    calls.pool.shutdown()


def retry_after(future: Future[None]) -> int:
    with pytest.raises(LaneFullError) as caught:
        future.result(10)
    return caught.value.retry_after


def test_one_person_leaves_room_for_another(calls: Calls) -> None:
    for number in (1, 2):
        calls.begin("ann", f"ann {number}")
    calls.await_working("ann 1", "ann 2")
    for number, waiting in [(3, 1), (4, 2), (5, 3)]:
        calls.begin("ann", f"ann {number}")
        calls.await_waiting(waiting)
    assert retry_after(calls.begin("ann", "ann 6")) >= 1
    assert calls.lane.is_crowded()
    # The third call and the sixth place are kept for others.
    calls.begin("bob", "bob 1")
    calls.await_working("ann 1", "ann 2", "bob 1")
    calls.end("ann 2")
    calls.await_working("ann 1", "ann 3", "bob 1")


def test_who_has_fewest_calls_is_next_then_who_came_first(calls: Calls) -> None:
    for work in ("ann 1", "ann 2"):
        calls.begin("ann", work)
    calls.await_working("ann 1", "ann 2")
    calls.begin("bob", "bob 1")
    calls.await_working("ann 1", "ann 2", "bob 1")
    for number, (person, work) in enumerate([("ann", "ann 3"), ("bob", "bob 2"), ("cem", "cem 1")], start=1):
        calls.begin(person, work)
        calls.await_waiting(number)
    calls.end("ann 1")
    calls.await_working("ann 2", "bob 1", "cem 1")
    calls.end("ann 2")
    calls.await_working("ann 3", "bob 1", "cem 1")
    calls.end("cem 1")
    calls.await_working("ann 3", "bob 1", "bob 2")


def test_one_team_leaves_room_for_another(calls: Calls) -> None:
    """However many people ask for its files."""
    calls.lane.calls_per_team = 2
    calls.lane.most_inside_per_team = 4
    for person in ("ann", "bob"):
        calls.begin(person, person, "acme")
    calls.await_working("ann", "bob")
    calls.begin("cem", "cem", "acme")
    calls.begin("dia", "dia", "acme")
    calls.await_waiting(2)
    assert retry_after(calls.begin("eve", "eve", "acme")) >= 1
    calls.begin("fay", "fay", "elsewhere")
    calls.await_working("ann", "bob", "fay")
    calls.end("bob")
    calls.await_working("ann", "cem", "fay")


def test_who_was_refused_keeps_their_turn(calls: Calls) -> None:
    for work in ("ann 1", "ann 2", "ann 3", "ann 4", "ann 5"):
        calls.begin("ann", work)
        assert eventually(lambda: len(calls.lane._working + calls.lane._waiting) == int(work[-1]))  # noqa: B023
    assert retry_after(calls.begin("ann", "late")) >= 1
    calls.end("ann 1")
    calls.await_working("ann 2", "ann 3")
    # The place that has become free is for the one who was told to come back, not for the one who comes now.
    assert retry_after(calls.begin("ann", "later")) >= 1
    calls.begin("ann", "late")
    calls.await_waiting(3)


def test_a_free_call_is_not_kept_for_somebody_who_is_away(calls: Calls) -> None:
    for work in ("ann 1", "ann 2", "ann 3", "ann 4", "ann 5"):
        calls.begin("ann", work)
        assert eventually(lambda: len(calls.lane._working + calls.lane._waiting) == int(work[-1]))  # noqa: B023
    retry_after(calls.begin("ann", "away"))
    calls.end_all()
    calls.begin("ann", "new")
    calls.await_working("new")


def test_waiting_ends(calls: Calls) -> None:
    calls.lane.wait_seconds = 0.05
    calls.begin("ann", "ann 1")
    calls.begin("ann", "ann 2")
    calls.await_working("ann 1", "ann 2")
    assert retry_after(calls.begin("ann", "ann 3")) >= 1
    calls.await_waiting(0)


def test_an_error_gives_the_place_back(calls: Calls) -> None:
    for _ in range(10):
        with pytest.raises(ZeroDivisionError), calls.lane.turn("ann", "work", team="a"):
            _ = 1 / 0
    assert not calls.lane._working


def test_many_turns_are_not_kept_for_ever(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_KEPT", 5)
    calls.lane.wait_seconds = 0.0
    calls.begin("ann", "ann 1")
    calls.begin("ann", "ann 2")
    calls.await_working("ann 1", "ann 2")
    for number in range(20):
        assert 1 <= retry_after(calls.begin("ann", f"many {number}")) <= lanes.LONGEST_RETRY_AFTER
    assert len(calls.lane._away) == 5


# In the simulation, a second takes so much less.
FASTER = 20


class PatientClient:
    """One part of a listing, as the official client reads it: Retry-After up to three times, then its own pauses."""

    own_pauses = [10, 10, 10, 10, 16]

    def __init__(self, lane: Lane, person: str, part: int) -> None:
        self.lane, self.person, self.part = lane, person, part
        self.most_attempts = 0

    def list(self, pages: int, seconds: float) -> int:
        """The most attempts a page took. Raises LaneFullError where the client would give up."""
        for page in range(pages):
            self.most_attempts = max(self.most_attempts, self._read(f"{self.part} {page}", seconds))
        return self.most_attempts

    def _read(self, work: str, seconds: float) -> int:
        attempts = 0
        for pause in [*self.own_pauses, None]:
            for last in (False, False, False, True):
                attempts += 1
                try:
                    with self.lane.turn(self.person, work, team=self.person):
                        self._pass(seconds)
                        return attempts
                except LaneFullError as error:
                    if last and pause is None:
                        raise
                    self._pass(float(pause or 0) if last else error.retry_after)
        raise AssertionError("unreachable")

    def _pass(self, seconds: float) -> None:
        """This time passes in the network or in the client's own sleep."""
        threading.Event().wait(seconds / FASTER)


class OldClient(PatientClient):
    """Reads all parts one after the other, and gives up where urllib3 does."""

    own_pauses: list[int] = []


@pytest.mark.parametrize(("people", "pages"), [(1, 4), (2, 2)])
def test_sixty_four_parts_get_through_as_the_client_asks(
    people: int, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is near to giving up, which is after 24 attempts, nor does an old client in their midst, after 4."""
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: time.monotonic() * FASTER))
    lane = Lane(calls=6, calls_per_person=4, calls_per_team=6, places=8, wait_seconds=5.0 / FASTER)
    clients = [PatientClient(lane, f"person {person}", part) for person in range(people) for part in range(64)]
    clients.append(OldClient(lane, "old client", 0))
    with ThreadPoolExecutor(len(clients)) as pool:
        most = list(pool.map(lambda client: client.list(pages, 0.2), clients))
    assert len(most) == 64 * people + 1
    assert max(most) <= 12, sorted(most)


def test_the_web_server_has_threads_for_more_than_the_lanes_can_hold() -> None:
    assert sum(lane.most_inside for lane in LANES) + THREADS_FOR_PAGES == WEB_THREADS
    assert THREADS_FOR_PAGES >= 8
    for lane in LANES:
        assert 0 < lane.calls_per_person <= lane.calls_per_team < lane.calls <= WEB_THREADS / 2
        assert lane.most_inside_per_person < lane.most_inside
