"""gunicorn's worker with threads, in which no thread waits for a slow sender.

gunicorn gives a connection to a thread as soon as the first byte is there, and the thread then waits for the rest. So
as many slow senders as there are threads keep everybody else waiting. Here the one loop that watches all connections
collects each request, and a thread gets the request when it is whole. A proxy such as nginx does the same, so behind
one this costs nothing.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import sys
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from lightly_platform import traces

# Of one request. Django takes bodies of 2.5 MB; files that are uploaded are key files.
MOST_BODY_BYTES = 4 * 1024 * 1024
# Of all requests that are being collected in this process.
MOST_BYTES_TOGETHER = 64 * 1024 * 1024
MOST_HEAD_BYTES = 64 * 1024
# How long a thread may keep the interpreter while others wait. A page gives it up at each of its queries and then waits
# for it again: with Python's usual 5 ms, a few threads that read large listings made a page ten times slower.
SWITCH_SECONDS = 0.001
_PIECE = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r\n|$)")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked")
_CHUNKS_END = re.compile(rb"\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n$")
_EXPECT = b"\r\nexpect:"


class Collected:
    """What came of a request so far."""

    def __init__(self, start: bytes = b"", *, head_seconds: float = 10.0, body_seconds: float = 30.0) -> None:
        self.data = bytearray(start)
        self.ends_at = time.monotonic() + head_seconds
        self._body_seconds = body_seconds
        self.body_at: int | None = None  # where the body begins, once the head is whole
        self.length: int | None = None  # of the body; None: in chunks
        self.must_continue = False  # the sender waits for word before it sends the body

    def is_endless(self) -> bool:
        """Whether more came than any request may have, without a length that would have told so at once."""
        return len(self.data) > MOST_HEAD_BYTES + MOST_BODY_BYTES

    def is_whole(self) -> bool:
        """Also where it is beyond all limits: then the parser or Django say so, and nothing more is collected."""
        if self.body_at is None and not self._read_head():
            return len(self.data) > MOST_HEAD_BYTES
        assert self.body_at is not None  # noqa: S101 - for type checkers
        if self.length is None:
            # From the line end before the body on.
            return _CHUNKS_END.search(self.data, max(self.body_at - 2, len(self.data) - MOST_HEAD_BYTES)) is not None
        return self.length > MOST_BODY_BYTES or len(self.data) >= self.body_at + self.length

    def _read_head(self) -> bool:
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.data[:end]).lower()
        found = _LENGTH.search(head)
        self.body_at = end + 4
        self.length = None if _CHUNKED.search(head) else int(found[1]) if found else 0
        self.must_continue = _EXPECT in head and len(self.data) == self.body_at
        self.ends_at = time.monotonic() + self._body_seconds
        return True


class _TimedSocket:
    """For gunicorn's parser: what was not collected, such as the rest of a body that is too large, ends in time too."""

    def __init__(self, connected: socket.socket, seconds: float, *, afterwards: float) -> None:
        self._socket = connected
        self._afterwards = afterwards
        self._ends_at = time.monotonic() + seconds

    def recv(self, size: int) -> bytes:
        self._socket.settimeout(max(self._ends_at - time.monotonic(), 0.01))
        try:
            return self._socket.recv(size)
        except TimeoutError:
            return b""  # as if the sender had hung up
        finally:
            self._socket.settimeout(self._afterwards)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """All but `handle` runs in the loop's thread."""

    head_seconds = 10.0
    body_seconds = 30.0  # for 4 MB over a slow line
    answer_seconds = 30.0  # for each piece of an answer to be taken

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        sys.setswitchinterval(SWITCH_SECONDS)
        self.collecting: dict[Any, Collected] = {}

    def run(self) -> None:
        try:
            super().run()
        finally:
            traces.stop()

    def enqueue_req(self, conn: Any) -> None:
        """A connection is new, or its next request begins: gunicorn would give it to a thread now."""
        read_ahead = conn.parser.unreader.take_buffered() if conn.parser else b""
        conn.was_told_to_continue = False
        limits = {"head_seconds": self.head_seconds, "body_seconds": self.body_seconds}
        collected = self.collecting[conn] = Collected(read_ahead, **limits)
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._collect, conn))
        if collected.is_whole():
            self._hand_over(conn)
        else:
            self._collect(conn)

    def _collect(self, conn: Any, _socket: Any = None) -> None:
        collected = self.collecting[conn]
        try:
            piece = conn.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        collected.data += piece
        if not piece:
            # It sends no more. What came may be a whole request to the parser; nothing at all is nobody's.
            return self._hand_over(conn) if collected.data else self._drop(conn)
        if collected.is_whole():
            self._hand_over(conn)
        elif collected.is_endless() or sum(len(each.data) for each in self.collecting.values()) > MOST_BYTES_TOGETHER:
            self._drop(conn)
        elif collected.must_continue:
            collected.must_continue, conn.was_told_to_continue = False, True
            with contextlib.suppress(OSError):  # who has hung up is told so by the next recv
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        conn.collected = self.collecting.pop(conn)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _drop(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.collecting.pop(conn)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """The loop calls it once a second, or more often; while it stops as well."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, each in self.collecting.items() if each.ends_at < now or not self.alive]:
            self._drop(conn)

    def handle(self, conn: Any) -> Any:
        """In a thread: the request is here."""
        conn.sock.setblocking(True)
        conn.init()
        conn.parser.unreader.sock = _TimedSocket(conn.sock, self.body_seconds, afterwards=self.answer_seconds)
        conn.parser.unreader.unread(bytes(conn.collected.data))
        conn.collected = None
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        if conn.was_told_to_continue:  # gunicorn would say so again
            req._expected_100_continue = False
        # A receiver that reads nothing holds no thread either.
        conn.sock.settimeout(self.answer_seconds)
        return super().handle_request(req, conn)
