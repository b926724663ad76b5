"""How the hands of a worker are shared out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core import shares
from core.shares import Claim, Shares
from tests.servers.process import eventually

HANDS = 16


class Hands:
    """A worker's pool of threads, and work that goes on until the test ends it."""

    def __init__(self) -> None:
        self.shares = Shares(HANDS)
        self.pool = ThreadPoolExecutor(HANDS)
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
def hands() -> Iterator[Hands]:
    hands = Hands()
    yield hands
    hands.end_all()


def test_one_who_takes_all_they_can_leaves_half(hands: Hands) -> None:
    """48 checks that hang, and a good one of somebody else: it starts at once."""
    for number in range(48):
        hands.send(f"hangs {number}", ("team", "a"))
    hands.await_running(HANDS // 2)
    assert eventually(lambda: hands.shares.waiting == 48 - HANDS // 2)
    hands.send("good", ("team", "b"))
    assert eventually(lambda: "good" in hands.running)


def test_so_do_several(hands: Hands) -> None:
    for team, running in [("a", 8), ("b", 12), ("c", 13)]:
        for number in range(16):
            hands.send(f"{team}{number}", ("team", team))
        hands.await_running(running)
    assert eventually(lambda: hands.shares.waiting == 48 - 13)
    hands.send("good", ("team", "d"))
    assert eventually(lambda: "good" in hands.running)


def test_a_person_with_many_teams_has_one_share(hands: Hands) -> None:
    for number in range(20):
        hands.send(f"{number}", ("team", number), ("person", "mallory"))
    hands.await_running(HANDS // 2)


def test_a_silent_host_has_one_share_whoever_asks(hands: Hands) -> None:
    for number in range(20):
        hands.send(f"{number}", ("team", number), ("host", "silent.example"))
    hands.await_running(HANDS // 2)
    hands.send("good", ("team", 100), ("host", "good.example"))
    assert eventually(lambda: "good" in hands.running)


def test_what_waited_is_done_by_the_hand_that_makes_room(hands: Hands) -> None:
    hands.shares = Shares(2)
    first = hands.send("first", ("team", "a"))
    hands.await_running(1)
    assert hands.send("second", ("team", "a")).result(10) is False
    assert hands.send("second", ("team", "a")).result(10) is False  # a message that came twice
    hands.end("first")
    assert eventually(lambda: "second" in hands.running)
    assert not first.done()
    hands.end("second")
    assert first.result(10) is True
    assert hands.began == ["first", "second"]


def test_the_lowest_rank_comes_first(hands: Hands) -> None:
    hands.shares = Shares(2)
    hands.send("first", ("team", "a"))
    hands.await_running(1)
    for name, rank in [("tried before", 1), ("new", 0), ("newer", 0)]:
        hands.send(name, ("team", "a"), rank=rank).result(10)
    for name in ["first", "new", "newer"]:
        assert eventually(lambda: name in hands.running)  # noqa: B023
        hands.end(name)
    assert eventually(lambda: "tried before" in hands.running)


def test_all_together_are_bounded_too(hands: Hands) -> None:
    hands.shares = Shares(HANDS, most=3)
    for number in range(10):
        hands.send(f"{number}", ("team", number))
    hands.await_running(3)
    assert eventually(lambda: hands.shares.waiting == 7)


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
