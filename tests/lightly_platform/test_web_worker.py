"""Clients that are slow on purpose, and those that are not, at a real web server with two threads."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lightly_platform.launcher.web_worker import MOST_BODY_BYTES
from tests.servers.process import HOST, eventually, free_port

SLOW_CLIENTS = 12


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    options = ["--bind", f"{HOST}:{number}", "--threads", "2", "--no-control-socket", "--log-level", "critical"]
    worker = ["--worker-class", "tests.lightly_platform.echo.QuickWorker"]
    command = [sys.executable, "-m", "gunicorn", "tests.lightly_platform.echo:application", *options, *worker]
    server = subprocess.Popen(command)
    try:
        assert eventually(lambda: answers(number), 30)
        yield number
    finally:
        server.terminate()
        server.wait(20)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return ask(port) == b"nothing"
    return False


def ask(port: int, body: bytes | None = None, **headers: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST" if body else "GET", "/", body, headers)
        return connection.getresponse().read()


def idle(client: socket.socket, stop: threading.Event) -> None:
    stop.wait(60)


def drips_head(client: socket.socket, stop: threading.Event) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    while not stop.wait(0.1):
        client.sendall(b"x")


def drips_body(client: socket.socket, stop: threading.Event) -> None:
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.1):
        client.sendall(b"x")


def drips_chunks(client: socket.socket, stop: threading.Event) -> None:
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not stop.wait(0.1):
        client.sendall(b"1\r\nx\r\n")


def reads_nothing(client: socket.socket, stop: threading.Event) -> None:
    client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    stop.wait(60)


@pytest.mark.parametrize("behave", [idle, drips_head, drips_body, drips_chunks, reads_nothing])
def test_slow_clients_hold_no_thread_for_long(
    behave: Callable[[socket.socket, threading.Event], None], port: int
) -> None:
    """Each of them holds one for a second at most, and there are two threads. Nobody ever gave up by themselves."""
    stop, begun = threading.Event(), threading.Semaphore(0)

    def connect() -> None:
        with socket.create_connection((HOST, port)) as client, contextlib.suppress(OSError):
            begun.release()
            behave(client, stop)

    threads = [threading.Thread(target=connect, daemon=True) for _ in range(SLOW_CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=10)
    try:
        began_at = time.monotonic()
        assert ask(port) == b"nothing"
        assert time.monotonic() - began_at < SLOW_CLIENTS / 2 * 2 + 5
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


def test_bodies_come_through_whole(port: int) -> None:
    for size in (1, 100_000, MOST_BODY_BYTES, MOST_BODY_BYTES + 1):
        body = b"0123456789" * (size // 10 + 1)
        assert ask(port, body[:size]) == body[:size]


def test_connections_are_kept(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    with contextlib.closing(connection):
        for body in (b"one", b"two", None, b"three"):
            connection.request("POST" if body else "GET", "/", body)
            opened = connection.sock
            assert connection.getresponse().read() == (body or b"nothing")
            assert connection.sock is opened


def test_who_asks_first_is_told_to_go_on(port: int) -> None:
    with socket.create_connection((HOST, port), 20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"body")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_body_without_length_has_an_end(port: int) -> None:
    with socket.create_connection((HOST, port), 20) as client, contextlib.suppress(OSError):
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(MOST_BODY_BYTES // 65536 + 20):
            client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert not client.recv(1000).startswith(b"HTTP/1.1 200")
