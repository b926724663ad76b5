"""How the slots of a worker are shared out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core import shares
from core.shares import Claim, Shares
from tests.servers.process import eventually

SLOTS = 16


class Slots:
    """A worker's pool of threads, and work that goes on until the test ends it."""

    def __init__(self) -> None:
        self.shares = Shares(SLOTS)
        self.pool = ThreadPoolExecutor(SLOTS)
        self.lock = threading.Lock()
        self.running: dict[str, threading.Event] = {}
        self.began: list[str] = []

    def send(self, name: str, *claims: Claim, rank: int = 0) -> Future[bool]:
        """As a message from the queue: it waits for a free thread."""
        return self.pool.submit(self.shares.run, name, frozenset(claims), lambda: self._hang(name), rank=rank)

    def _hang(self, name: str) -> None:
        end = threading.Event()
        with self.lock:
            self.running[name] = end
            self.began.append(name)
        assert end.wait(30)
        with self.lock:
            del self.running[name]

    def end(self, name: str) -> None:
        self.running[name].set()

    def await_running(self, count: int) -> None:
        assert eventually(lambda: len(self.running) == count), sorted(self.running)

    def end_all(self) -> None:
        def idle() -> bool:
            for event in list(self.running.values()):
                event.set()
            return not self.running and not self.shares.waiting

        assert eventually(idle)
        self.pool.shutdown()


@pytest.fixture
def slots() -> Iterator[Slots]:
    slots = Slots()
    yield slots
    slots.end_all()


def test_one_who_takes_all_they_can_leaves_half(slots: Slots) -> None:
    """48 checks that hang, and a good one of somebody else: it starts at once."""
    for number in range(48):
        slots.send(f"hangs {number}", ("team", "a"))
    slots.await_running(SLOTS // 2)
    assert eventually(lambda: slots.shares.waiting == 48 - SLOTS // 2)
    slots.send("good", ("team", "b"))
    assert eventually(lambda: "good" in slots.running)


def test_so_do_several(slots: Slots) -> None:
    for team, running in [("a", 8), ("b", 12), ("c", 13)]:
        for number in range(16):
            slots.send(f"{team}{number}", ("team", team))
        slots.await_running(running)
    assert eventually(lambda: slots.shares.waiting == 48 - 13)
    slots.send("good", ("team", "d"))
    assert eventually(lambda: "good" in slots.running)


def test_a_person_with_many_teams_has_one_share(slots: Slots) -> None:
    for number in range(20):
        slots.send(f"{number}", ("team", number), ("person", "mallory"))
    slots.await_running(SLOTS // 2)


def test_a_silent_host_has_one_share_whoever_asks(slots: Slots) -> None:
    for number in range(20):
        slots.send(f"{number}", ("team", number), ("host", "silent.example"))
    slots.await_running(SLOTS // 2)
    slots.send("good", ("team", 100), ("host", "good.example"))
    assert eventually(lambda: "good" in slots.running)


def test_forty_silent_ones_have_one_share_together(slots: Slots) -> None:
    """Each of a team and a host of its own."""
    for number in range(40):
        slots.send(f"{number}", ("team", number), ("host", number), ("silence", "expected"))
    slots.await_running(SLOTS // 2)
    assert eventually(lambda: slots.shares.waiting == 40 - SLOTS // 2)
    slots.send("good", ("team", 100), ("host", "good.example"))
    assert eventually(lambda: "good" in slots.running)


def test_what_waited_is_done_by_the_slot_that_makes_room(slots: Slots) -> None:
    slots.shares = Shares(2)
    first = slots.send("first", ("team", "a"))
    slots.await_running(1)
    assert slots.send("second", ("team", "a")).result(10) is False
    assert slots.send("second", ("team", "a")).result(10) is False  # a message that came twice
    slots.end("first")
    assert eventually(lambda: "second" in slots.running)
    assert not first.done()
    slots.end("second")
    assert first.result(10) is True
    assert slots.began == ["first", "second"]


def test_the_lowest_rank_comes_first(slots: Slots) -> None:
    slots.shares = Shares(2)
    slots.send("first", ("team", "a"))
    slots.await_running(1)
    for name, rank in [("tried before", 1), ("new", 0), ("newer", 0)]:
        slots.send(name, ("team", "a"), rank=rank).result(10)
    for name in ["first", "new", "newer"]:
        assert eventually(lambda: name in slots.running)  # noqa: B023
        slots.end(name)
    assert eventually(lambda: "tried before" in slots.running)


def test_all_together_are_bounded_too(slots: Slots) -> None:
    slots.shares = Shares(SLOTS, most=3)
    for number in range(10):
        slots.send(f"{number}", ("team", number))
    slots.await_running(3)
    assert eventually(lambda: slots.shares.waiting == 7)


def test_an_error_gives_the_hand_back(caplog: pytest.LogCaptureFixture) -> None:
    alone = Shares(2)
    claims = frozenset({("team", "a")})

    def fail() -> None:
        alone.run("waits", claims, fail_too)
        raise ZeroDivisionError

    def fail_too() -> None:
        raise ValueError("planted")

    with caplog.at_level(logging.ERROR), pytest.raises(ZeroDivisionError):
        alone.run("first", claims, fail)
    assert "had waited for its share failed" in caplog.text
    assert alone.run("next", claims, lambda: None)
    assert not alone._running


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_WAITING", 2)
    alone = Shares(2)
    claims = frozenset({("team", "a")})
    done: list[int] = []

    def first() -> None:
        for number in range(5):
            alone.run(number, claims, lambda: done.append(number))  # noqa: B023
        assert alone.waiting == 2

    assert alone.run("first", claims, first)
    assert len(done) == 2


@pytest.mark.parametrize("count", [1, 2, 4, 16, 200])
def test_a_worker_keeps_hands_for_what_sends_the_rest(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Shares(16), Shares(8), Shares(5)]
    for name, each in zip(["ASKED_FOR", "UNASKED", "WEBHOOKS"], made, strict=True):
        monkeypatch.setattr(shares, name, each)
    shares.share_out(count)
    asked_for, unasked, webhooks = made
    assert asked_for.most == count
    assert unasked.most + webhooks.most < max(count, 3)
