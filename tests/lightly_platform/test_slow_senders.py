"""Senders that drip hold no thread of the web server, and honest ones of every kind are served."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from lightly_platform.env import BASE_DIR, read_environment
from lightly_platform.launcher import serving
from lightly_platform.launcher.web_worker import MOST_BODY_BYTES, Collected
from tests.lightly_platform.conftest import free_port
from tests.servers.process import HOST, eventually

THREADS = 4
# As many of each kind as there are threads, many times over.
DRIPS = {
    "head": b"GET / HTTP/1.1\r\nHost: x\r\nX-",
    "first line": b"GE",
    "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "expecting": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
    "silent": b"",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    with socket.socket() as listener:
        command = serving.web_command(read_environment({}), listener)
    (worker,) = (option for option in command if option.startswith("--worker-class="))
    options = [worker, f"--bind={HOST}:{port}", f"--threads={THREADS}", "--no-control-socket", "--log-level=error"]
    gunicorn = [sys.executable, "-m", "gunicorn", "tests.lightly_platform.echo_app:application", *options]
    with subprocess.Popen(gunicorn, cwd=BASE_DIR) as process:
        try:
            assert eventually(lambda: ask(port) is not None, 30)
            yield port
        finally:
            process.terminate()


def ask(port: int) -> float | None:
    """How many seconds an honest request took; None if nobody answers."""
    connection, began = http.client.HTTPConnection(HOST, port, timeout=20), time.monotonic()
    try:
        connection.request("GET", "/healthz")
        assert json.load(connection.getresponse())["path"] == "/healthz"
    except OSError:
        return None
    finally:
        connection.close()
    return time.monotonic() - began


def test_50_senders_that_drip_hold_nobody_up(port: int) -> None:
    with contextlib.ExitStack() as stack:
        dripping = []
        for number in range(50):
            sender = stack.enter_context(socket.create_connection((HOST, port)))
            sender.sendall(list(DRIPS.values())[number % len(DRIPS)])
            dripping.append(sender)
        for _ in range(3):
            for sender in dripping:
                sender.sendall(b"a")
            took = ask(port)
            assert took is not None
            assert took < 1


def test_they_are_hung_up_in_time(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=40) as sender:
        sender.sendall(DRIPS["head"])
        began = time.monotonic()
        assert sender.recv(1) == b""
        assert 8 < time.monotonic() - began < 20


def test_senders_that_break_off_end_no_process(port: int) -> None:
    def process() -> int:
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        connection.request("GET", "/")
        answer: dict[str, int] = json.load(connection.getresponse())
        connection.close()
        return answer["process"]

    before = process()
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    for text in [*DRIPS.values(), whole] * 5:
        for reset in (True, False):
            with socket.create_connection((HOST, port)) as sender:
                if reset:  # closes with an error for the other side
                    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sender.sendall(text)
    assert process() == before


@pytest.mark.parametrize("size", [0, 1, 70_000, 2_000_000, MOST_BODY_BYTES - 1000, MOST_BODY_BYTES + 1000])
def test_bodies_of_all_sizes_come_whole(port: int, size: int) -> None:
    for headers, body in (({}, b"x" * size), ({"Transfer-Encoding": "chunked"}, iter([b"x" * size] if size else []))):
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        connection.request("POST", "/body", body=body, headers=headers, encode_chunked=bool(headers))
        answer = json.load(connection.getresponse())
        connection.close()
        assert answer["size"] == size


def test_one_connection_serves_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    for size in (0, 10, 100_000, 0):
        connection.request("POST", "/again", body=b"y" * size)
        assert json.load(connection.getresponse())["size"] == size
    connection.close()


def test_requests_may_follow_each_other_at_once(port: int) -> None:
    """Pipelined: the second one is read ahead with the first."""
    one = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    with socket.create_connection((HOST, port), timeout=20) as sender:
        sender.sendall(one % 1 + one % 2 + one % 3)
        answers = b""
        while answers.count(b'"path"') < 3:
            piece = sender.recv(4096)
            assert piece, answers
            answers += piece
    assert [answers.index(b'"/%d"' % n) for n in (1, 2, 3)] == sorted(answers.index(b'"/%d"' % n) for n in (1, 2, 3))


def test_who_waits_for_word_before_the_body_gets_it(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=20) as sender:
        sender.sendall(b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert sender.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        sender.sendall(b"abc")
        answer = b""
        while b'"size": 3' not in answer:
            piece = sender.recv(4096)
            assert piece, answer
            answer += piece


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"POST / HTTP/1.1\r\nCONTENT-LENGTH: 2\r\n\r\na", False),
        (b"POST / HTTP/1.1\r\ncontent-length:2\r\n\r\nab", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", True),  # Django says that it is too large
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),  # the parser says that it is wrong
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"x" * 70_000, True),  # the parser says that a line is too long
    ],
)
def test_when_a_request_is_whole(text: bytes, whole: bool) -> None:
    assert Collected(text).is_whole() is whole
