"""Stores that try again, on real servers that have a bad moment."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clouds import PROVIDERS, Cause, Endpoints, Failure, Store, StoreError, parse_config
from clouds import store as store_module
from clouds.patient import Patience, PatientStore
from tests.clouds import sixth
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor import scenarios
from tests.clouds.doctor.scenarios import Place
from tests.servers.faults import cut, drip
from tests.servers.gate import NoAnswer, Request, Response

QUICK = Patience(call_seconds=30, attempts=3, first_pause_seconds=0.01, longest_pause_seconds=0.02)
every_provider = pytest.mark.parametrize("provider", scenarios.PROVIDERS)
KEY = "input/a.bin"


def patient(place: Place, patience: Patience = QUICK) -> PatientStore:
    store = PatientStore(parse_config(place.config, place.endpoints), place.endpoints, patience)
    place.stack.callback(store.close)
    return store


class Trouble:
    """The first so many requests for the bucket go wrong."""

    def __init__(self, times: int, answer: Callable[[], Response]) -> None:
        self.left = times
        self.answer = answer
        self.asked = 0

    def __call__(self, request: Request) -> Response | None:
        self.asked += 1
        self.left -= 1
        return self.answer() if self.left >= 0 else None


def busy() -> Response:
    return Response(503)


def broken() -> Response:
    return Response(500)


def hung_up() -> Response:
    raise NoAnswer


# --- on real servers ------------------------------------------------------------------------------------------------
@every_provider
@pytest.mark.parametrize("answer", [busy, broken, hung_up])
def test_a_bad_moment_passes(provider: str, answer: Callable[[], Response], make_place: MakePlace) -> None:
    place = make_place(provider)
    place.cloud.put(place.bucket, KEY, b"0123")
    trouble = Trouble(2, answer)
    place.intercept(trouble)
    assert patient(place).read_range(KEY, 1, 2).data == b"12"
    assert trouble.asked == 3


@every_provider
def test_the_attempts_are_bounded(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    trouble = Trouble(100, busy)
    place.intercept(trouble)
    with pytest.raises(StoreError) as caught:
        patient(place).page("input/", after="", limit=10)
    assert caught.value.failure.cause is Cause.THROTTLED
    assert trouble.asked == QUICK.attempts


@every_provider
def test_what_will_not_pass_is_not_tried_again(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider, rights=())
    place.cloud.put(place.bucket, KEY, b"0123")
    trouble = Trouble(0, busy)
    place.intercept(trouble)
    with pytest.raises(StoreError) as caught:
        patient(place).read_range(KEY, 0, 1)
    assert caught.value.failure.cause is Cause.DENIED
    assert trouble.asked == 1


@every_provider
def test_a_stream_survives_a_cut(provider: str, make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "CHUNK_BYTES", 200_000)
    place = make_place(provider)
    data = b"".join(number.to_bytes(4, "big") for number in range(150_000))
    place.cloud.put(place.bucket, KEY, data)
    # The first connection breaks in the middle of a chunk.
    peer = place.stack.enter_context(cut(place.cloud.address, 100_000, connections=1))
    place.aim_at(peer.address)
    assert b"".join(patient(place).stream(KEY)) == data
    assert peer.accepted >= 2


@every_provider
def test_a_server_that_drips_is_left_in_time(provider: str, make_place: MakePlace) -> None:
    """Each byte comes before the time limit for a wait on the socket is over."""
    place = make_place(provider)
    place.aim_at(place.stack.enter_context(drip(0.1)).address)
    store = patient(place, dataclasses.replace(QUICK, call_seconds=0.6, attempts=2))
    started = time.monotonic()
    with pytest.raises(StoreError) as caught:
        store.page("input/", after="", limit=10)
    assert caught.value.failure.cause is Cause.TIMEOUT
    assert time.monotonic() - started < 20  # on a busy machine; the answer would take three hours


def test_connections_are_kept(make_place: MakePlace) -> None:
    """Of OBS, whose SDK would otherwise open one for each call."""
    place = make_place("OBS")
    place.cloud.put(place.bucket, KEY, b"0123")
    peer = place.stack.enter_context(cut(place.cloud.address, 10_000_000))
    place.aim_at(peer.address)
    store = patient(place)
    for _ in range(5):
        assert store.read_range(KEY, 0, 4).data == b"0123"
        assert store.page("input/", after="", limit=10).entries
    assert peer.accepted == 1


def test_the_session_of_a_role_is_renewed(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_place("S3DelegatedAccess")
    place.cloud.put(place.bucket, KEY, b"0123")
    store = patient(place)
    assert store.read_range(KEY, 0, 1).data == b"0"
    place.intercept(Trouble(1, expired_session))
    assert store.read_range(KEY, 1, 1).data == b"1"
    assert len([path for _, path, _ in place.cloud.requests if path == "/"]) >= 2  # AssumeRole


def expired_session() -> Response:
    body = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
    return Response(400, body, {"Content-Type": "application/xml"})


def test_a_session_is_left_before_it_ends(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_place("S3DelegatedAccess")
    role = PROVIDERS["S3DelegatedAccess"]
    opened: list[Store] = []

    def open_noted(*arguments: Any) -> Store:
        opened.append(role.opener()(*arguments))
        return opened[-1]

    cases: list[tuple[Any, int]] = [(900, 1), (0.000001, 3)]
    for session_seconds, openings in cases:
        opened.clear()
        short = dataclasses.replace(role, opener=lambda: open_noted, session_seconds=session_seconds)
        monkeypatch.setitem(PROVIDERS, "S3DelegatedAccess", short)
        store = patient(place)
        for _ in range(3):
            store.keys("input/", limit=1)
        assert len(opened) == openings


# --- by hand --------------------------------------------------------------------------------------------------------
@pytest.fixture
def hall() -> Iterator[sixth.Hall]:
    yield from sixth.registered(PROVIDERS)


CONFIG: dict[str, Any] = {
    "type": "SHELF",
    "fullPath": "shelf://my-shelf/input/",
    "shelfHall": "hall-1",
    "shelfBadge": "badge",
}


def test_pauses_grow_up_to_a_limit() -> None:
    patience = Patience(first_pause_seconds=1, longest_pause_seconds=4)
    pauses = [patience.pause_after(attempt) for attempt in (1, 2, 3, 4, 9)]
    assert all(full / 2 <= pause <= full for pause, full in zip(pauses, [1, 2, 4, 4, 4], strict=True))


def test_a_store_that_opens_too_late_is_closed(hall: sixth.Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    go, closed = threading.Event(), threading.Event()

    class Slow(sixth.ShelfStore):
        def close(self) -> None:
            closed.set()

    def open_late(config: Any, *_: object) -> Store:
        go.wait(30)
        return Slow(hall, config)

    monkeypatch.setitem(PROVIDERS, "SHELF", dataclasses.replace(PROVIDERS["SHELF"], opener=lambda: open_late))
    patience = Patience(call_seconds=0.05, attempts=1)
    store = PatientStore(parse_config(CONFIG), Endpoints(), patience)
    with pytest.raises(StoreError) as caught:
        store.keys("", limit=1)
    assert caught.value.failure == Failure(Cause.TIMEOUT)
    go.set()
    assert closed.wait(10)


def test_a_call_that_ends_too_late_leaves_nothing_open(hall: sixth.Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some SDKs open a new connection for a call whose own was closed under it."""
    go, ended, closings = threading.Event(), threading.Event(), []

    def late(*_: object, **__: object) -> list[str]:
        go.wait(30)
        ended.set()
        raise StoreError(Failure(Cause.UNREACHABLE))

    closed = threading.Semaphore(0)

    def close(_: Store) -> None:
        closings.append(ended.is_set())
        closed.release()

    monkeypatch.setattr(sixth.ShelfStore, "keys", late)
    monkeypatch.setattr(sixth.ShelfStore, "close", close)
    store = PatientStore(parse_config(CONFIG), Endpoints(), Patience(call_seconds=0.05, attempts=1))
    with pytest.raises(StoreError) as caught:
        store.keys("", limit=1)
    assert caught.value.failure.cause is Cause.TIMEOUT
    go.set()
    assert closed.acquire(timeout=10)
    assert closed.acquire(timeout=10)
    assert closings == [False, True]


def test_the_unforeseen_comes_through(hall: sixth.Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(sixth.ShelfStore, "keys", fail)
    store = PatientStore(parse_config(CONFIG), Endpoints(), QUICK)
    with pytest.raises(RuntimeError, match="planted"):
        store.keys("", limit=1)
