"""gunicorn's worker with threads, for which no client is too slow.

A thread is taken by a connection on which something has come, and only for so long as a request may take to come in:
head and body each have a deadline, after which the connection is closed under the thread that reads it. Whoever sends a
byte a second, or nothing at all, or does not take the answer, so holds no thread for long. A proxy in front does the
same, and better; this is for installations without one.
"""

import contextlib
import io
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any

from gunicorn.http.body import Body
from gunicorn.workers.gthread import TConn, ThreadWorker

# The body of a request is read before the application is called, unless it is larger: then the application refuses it.
MOST_BODY_BYTES = 4 * 1024 * 1024


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    head_seconds = 10.0
    body_seconds = 30.0  # for 4 MB over a slow line
    answer_seconds = 30.0  # for each piece of an answer to be taken

    def init_process(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[Any, float] = {}  # of requests that are being read, by their connection
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """No thread waits for the first byte, as gunicorn's own would for 5 s: the poller does."""
        try:
            client, address = listener.accept()
        except OSError:  # it has gone away, or another process was faster
            return
        self.nr_conns += 1
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + self.head_seconds
        self.pending_conns.append(connection)
        self.poller.register(client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout)
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, end in self._ends.items() if end < now]
        for connection in late:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def handle(self, conn: Any) -> Any:
        self._ends_in(conn, self.head_seconds)
        try:
            return super().handle(conn)
        finally:
            self._has_come(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        self._ends_in(conn, self.body_seconds)
        self._read_body(req, conn.sock)
        self._has_come(conn)
        conn.sock.settimeout(self.answer_seconds)
        return super().handle_request(req, conn)

    def _read_body(self, request: Any, client: socket.socket) -> None:
        headers = {name.upper(): value for name, value in request.headers}
        length = headers.get("CONTENT-LENGTH", "0")
        if "TRANSFER-ENCODING" not in headers and (not length.isdecimal() or int(length) > MOST_BODY_BYTES):
            return
        if request._expected_100_continue:  # gunicorn would say so later, when it calls the application
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request._expected_100_continue = False
        body = request.body.read(MOST_BODY_BYTES + 1)
        if len(body) > MOST_BODY_BYTES:
            raise ConnectionResetError  # it came without a length
        request.body = Body(io.BytesIO(body))

    def _ends_in(self, connection: Any, seconds: float) -> None:
        with self._lock:
            self._ends[connection] = time.monotonic() + seconds

    def _has_come(self, connection: Any) -> None:
        with self._lock:
            self._ends.pop(connection, None)
