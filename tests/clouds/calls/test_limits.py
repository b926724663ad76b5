"""Hard limits in time and size, without a server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from clouds import StoreError
from clouds.calls import answers, names, within
from clouds.calls.answers import read_whole, safe_xml
from clouds.calls.within import OutOfTimeError
from tests.servers.process import eventually


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    assert eventually(lambda: within.abandoned() == 0 and not names._look_ups.under_way)


def nothing(_: object) -> None: ...


# --- within ---------------------------------------------------------------------------------------------------------
def test_the_answer_or_the_error_comes_through() -> None:
    assert within.within(5, lambda: 7, nothing) == 7
    with pytest.raises(ZeroDivisionError):
        within.within(5, lambda: 1 / 0, nothing)


def test_no_call_begins_after_the_end() -> None:
    with pytest.raises(OutOfTimeError):
        within.within(0, lambda: pytest.fail("it began"), nothing)


def test_calls_that_never_come_back_are_bounded(gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(within, "MOST_ABANDONED", 3)
    for _ in range(3):
        with pytest.raises(OutOfTimeError):
            within.within(0.01, gate.wait, nothing)
    with pytest.raises(OutOfTimeError):
        within.within(5, lambda: pytest.fail("it began"), nothing)


# --- names ----------------------------------------------------------------------------------------------------------
class SlowNames:
    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        self.gate.wait(30)
        if host.startswith("unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]


@pytest.fixture
def slow_names(gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> SlowNames:
    slow = SlowNames(gate)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    return slow


def test_a_look_up_ends_in_time(slow_names: SlowNames) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        names.look_up("slow.example", 443, seconds=0.1)
    assert time.monotonic() - started < 5


def test_many_who_ask_for_one_name_cost_one_thread(slow_names: SlowNames) -> None:
    for _ in range(20):
        with pytest.raises(TimeoutError):
            names.look_up("slow.example", 443, seconds=0.01)
    assert slow_names.asked == ["slow.example"]


def test_look_ups_are_bounded(slow_names: SlowNames, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST_AT_ONCE", 2)
    for number in range(4):
        with pytest.raises(TimeoutError):
            names.look_up(f"{number}.example", 443, seconds=0.01)
    assert len(slow_names.asked) == 2


def test_every_caller_gets_the_error(slow_names: SlowNames) -> None:
    slow_names.gate.set()
    for _ in range(2):
        with pytest.raises(socket.gaierror) as caught:
            names.look_up("unknown.example", 443, seconds=5)
        assert caught.value.errno == socket.EAI_NONAME


# --- answers --------------------------------------------------------------------------------------------------------
def test_as_much_as_allowed_is_read() -> None:
    assert len(read_whole(BytesIO(b"x" * answers.MOST_BYTES), 200)) == answers.MOST_BYTES
    with pytest.raises(StoreError) as caught:
        read_whole(BytesIO(b"x" * (answers.MOST_BYTES + 1)), 200)
    assert caught.value.failure.code == "AnswerTooLarge"


@pytest.mark.parametrize("data", [b"", b"{}", b"<a", b"<a><b>1</b></a>", "<ä>ü</ä>".encode()])
def test_what_is_no_trap_stays_as_it_is(data: bytes) -> None:
    assert safe_xml(data, 200) == data
    assert safe_xml(data, 403) == data


DECLARED = b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'


@pytest.mark.parametrize("data", [DECLARED, DECLARED.decode().encode("utf-16")])
def test_a_declared_type_is_refused_or_left_out(data: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        safe_xml(data, 200)
    assert caught.value.failure.code == "NotStorage"
    assert safe_xml(data, 403) == b""
