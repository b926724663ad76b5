"""How many pages of one person are made at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.test import Client

from core.api.lanes import THREADS_FOR_PAGES
from core.web import crowd
from core.web.crowd import REQUESTS, Crowd, TooManyError
from teams.models import User
from tests.conftest import Call, Login
from tests.servers.process import eventually


class Pages:
    """Requests in threads of their own, which end when the test says so."""

    def __init__(self) -> None:
        self.crowd = Crowd(at_once=2, places=2, wait_seconds=20)
        self.pool = ThreadPoolExecutor(16)
        self.end = threading.Event()
        self.working: list[str] = []

    def ask(self, person: str) -> Future[None]:
        return self.pool.submit(self._make, person)

    def _make(self, person: str) -> None:
        with self.crowd.turn(person):
            self.working.append(person)
            assert self.end.wait(30)


@pytest.fixture
def pages() -> Iterator[Pages]:
    pages = Pages()
    yield pages
    pages.end.set()
    pages.pool.shutdown()
    assert not pages.crowd._inside
    assert not pages.crowd._working


def test_beyond_their_own_room_people_are_refused_and_others_are_not(pages: Pages) -> None:
    waiting = [pages.ask("ann") for _ in range(4)]
    assert eventually(lambda: pages.crowd._inside["ann"] == 4)
    assert pages.working == ["ann", "ann"]
    with pytest.raises(TooManyError):
        pages.ask("ann").result(10)
    pages.ask("bob")
    assert eventually(lambda: "bob" in pages.working)
    pages.end.set()
    for each in waiting:
        each.result(10)
    assert pages.working.count("ann") == 4


def test_waiting_ends(pages: Pages) -> None:
    pages.crowd.wait_seconds = 0.05
    for _ in range(2):
        pages.ask("ann")
    assert eventually(lambda: pages.working == ["ann", "ann"])
    with pytest.raises(TooManyError):
        pages.ask("ann").result(10)


def test_there_are_threads_for_others() -> None:
    assert REQUESTS.most_inside <= THREADS_FOR_PAGES / 2


@pytest.mark.django_db
def test_what_is_beyond_it_is_told_to_come_back(
    login: Login, call: Call, client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever session, but not what programs ask that watch this one."""
    full = Crowd(at_once=1, places=0, wait_seconds=0)
    monkeypatch.setattr(crowd, "REQUESTS", full)
    with full.turn(str(alice.pk)):
        answer = login(alice).get("/")
        assert (answer.status_code, answer["Retry-After"]) == (429, "2")
        assert "Try again in a moment" in answer.content.decode()
        assert client.get("/healthz").status_code == 200
        assert login(bob).get("/").status_code == 200
    assert login(alice).get("/").status_code == 200
