"""Peers that misbehave below HTTP: slow, silent, dripping, cutting, refusing, or not to be trusted.

Each is a context manager and gives the `host:port` to aim a client at.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.servers.certificates import self_signed_context
from tests.servers.gate import Gate, Request, Response
from tests.servers.process import HOST

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Peer:
    """Accepts connections on a free port and hands each, in a thread of its own, to `serve`."""

    def __init__(self, serve: Callable[[socket.socket, threading.Event], None]) -> None:
        self._serve = serve
        self._stopping = threading.Event()
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.address = f"{HOST}:{self._listener.getsockname()[1]}"
        self.accepted = 0
        """How many connections came in so far."""

    def __enter__(self) -> Peer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        # shutdown wakes up the thread in accept(); close alone would leave it there, and the port taken.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._serve(connection, self._stopping)


def silent() -> Peer:
    """Accepts, reads, and never answers."""
    return Peer(_hold)


def drip(seconds: float = 1.0) -> Peer:
    """Answers with a valid head and then one byte every `seconds`: a read timeout per packet never fires."""

    def serve(connection: socket.socket, stopping: threading.Event) -> None:
        _read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 100000\r\n\r\n")
        while not stopping.wait(seconds):
            connection.sendall(b" ")

    return Peer(serve)


def drip_tls(seconds: float = 1.0) -> Peer:
    """Answers the first words of TLS with a record that comes a byte every `seconds`: the handshake never ends."""

    def serve(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a handshake record of 16 kB
        while not stopping.wait(seconds):
            connection.sendall(b"\x02")

    return Peer(serve)


class Flood(Peer):
    """Answers every request with a body that does not end before `gigabytes` have been sent, as fast as it can."""

    def __enter__(self) -> Flood:
        super().__enter__()
        return self

    def __init__(self, *, status: str = "200 OK", gigabytes: float = 1.0, chunked: bool = False) -> None:
        super().__init__(self._pour)
        self._size = int(gigabytes * 1024**3)
        self._head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n".encode()
        self._chunked = chunked
        self.sent = 0
        """Bytes of bodies that clients, or the network on the way to them, have taken."""

    def _pour(self, connection: socket.socket, stopping: threading.Event) -> None:
        _read_head(connection)
        length = b"Transfer-Encoding: chunked" if self._chunked else f"Content-Length: {self._size}".encode()
        connection.sendall(self._head + length + b"\r\n\r\n")
        piece = b" " * 65536
        packet = b"10000\r\n" + piece + b"\r\n" if self._chunked else piece
        for _ in range(self._size // len(piece)):
            if stopping.is_set():
                return
            connection.sendall(packet)
            self.sent += len(piece)


def reset() -> Peer:
    """Reads a request, then resets the connection."""

    def serve(connection: socket.socket, stopping: threading.Event) -> None:
        _read_head(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    return Peer(serve)


def slow(upstream: str, seconds: float) -> Peer:
    """A proxy that holds every packet towards `upstream` back for `seconds`: the latency of a far-away cloud.

    Packets that follow each other closely arrive as closely: each is late by the same time.
    """
    return Peer(lambda client, stopping: _relay(client, upstream, stopping, latency=seconds))


def cut(upstream: str, after_bytes: int, *, connections: int | None = None) -> Peer:
    """A proxy that closes its connections, or the first so many of them, after so many bytes of the answer."""
    numbers = itertools.count()

    def serve(client: socket.socket, stopping: threading.Event) -> None:
        cuts = connections is None or next(numbers) < connections
        _relay(client, upstream, stopping, limit=after_bytes if cuts else None)

    return Peer(serve)


@contextlib.contextmanager
def refused() -> Iterator[str]:
    """An address that refuses connections: bound by us, so that nobody else takes it, but nobody listens."""
    with socket.socket() as reserved:
        reserved.bind((HOST, 0))
        yield f"{HOST}:{reserved.getsockname()[1]}"


@contextlib.contextmanager
def untrusted_tls() -> Iterator[Gate]:
    """An HTTPS server with a self-signed certificate. Its `requests` stay empty if the client refuses it."""
    with tempfile.TemporaryDirectory() as directory, _Anything(tls=self_signed_context(Path(directory))) as gate:
        yield gate


class _Anything(Gate):
    def answer(self, request: Request) -> Response:
        return Response(200, b"you should not have come here")


def _hold(connection: socket.socket, stopping: threading.Event) -> None:
    connection.settimeout(0.1)
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            if not connection.recv(65536):
                return


def _read_head(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received and (packet := connection.recv(65536)):
        received += packet


def _relay(
    client: socket.socket,
    upstream: str,
    stopping: threading.Event,
    *,
    latency: float = 0,
    limit: int | None = None,
) -> None:
    host, _, port = upstream.rpartition(":")
    with socket.create_connection((host, int(port))) as server:
        # Else the second of two small packets waits for the first one's acknowledgement, 40 ms each time.
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        forward = partial(_pump_late, latency=latency) if latency else partial(_pump, limit=None)
        threading.Thread(target=forward, args=(client, server, stopping), daemon=True).start()
        _pump(server, client, stopping, limit)


def _pump_late(source: socket.socket, target: socket.socket, stopping: threading.Event, latency: float) -> None:
    """What has come is sent on by a thread of its own, so that the next packet is read meanwhile."""
    packets: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def send() -> None:
        with contextlib.suppress(OSError):
            while not stopping.is_set():
                due, packet = packets.get()
                if not packet or stopping.wait(max(0.0, due - time.monotonic())):
                    return
                target.sendall(packet)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    with contextlib.suppress(OSError):
        while not stopping.is_set() and (packet := source.recv(65536)):
            packets.put((time.monotonic() + latency, packet))
    packets.put((0.0, b""))
    sender.join()
    _hang_up(source, target)


def _pump(source: socket.socket, target: socket.socket, stopping: threading.Event, limit: int | None) -> None:
    with contextlib.suppress(OSError):
        while not stopping.is_set() and (packet := source.recv(65536)):
            if limit is not None:
                packet, limit = packet[:limit], limit - len(packet[:limit])
            target.sendall(packet)
            if limit == 0:
                break
    _hang_up(source, target)


def _hang_up(*sides: socket.socket) -> None:
    for side in sides:
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
