"""A reverse proxy in front of a test server: it records every request and may answer some itself.

The test servers speak the providers' protocols but do not judge like the providers do. A gate adds the missing
judgement. It forwards with the client's Host header, so that request signatures survive. The tests' own operator
talks to the server behind the gate, so what the operator does is neither judged nor recorded.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers.process import HOST

_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


class Exchange(NamedTuple):
    """One recorded request and how it was answered; status 0 means that no answer was sent."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Request:
    """A whole request, as it came in."""

    method: str
    target: str
    """Path and query, still percent-encoded."""
    headers: Message
    body: bytes

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, str]:
        """Decoded query; a key given twice keeps its last value."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str:
        return str(self.headers.get(name, ""))

    def bucket_and_key(self) -> tuple[str, str]:
        """Of a path-style URL `/bucket/key`."""
        bucket, _, key = self.path.removeprefix("/").partition("/")
        return bucket, key


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class NoAnswer(Exception):  # noqa: N818  not an error but what was asked for
    """Raised by a gate that drops the connection without a word."""


class Silence(NoAnswer):
    """Raised by a gate that keeps the connection open and never answers."""


class Gate:
    """Forwards everything to `upstream` (`host:port`). Subclasses override `answer`."""

    def __init__(self, upstream: str = "", *, tls: ssl.SSLContext | None = None) -> None:
        self.upstream = upstream
        self.requests: list[Exchange] = []
        self.tls = tls
        self._stopping = threading.Event()
        self._server: _Server | None = None

    def answer(self, request: Request) -> Response:
        return self.forward(request)

    def forward(self, request: Request, headers: Mapping[str, str] | None = None) -> Response:
        """The upstream's own answer. `headers` are sent in addition to, or instead of, the client's."""
        replaced = {name.lower() for name in headers or {}}
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() not in _HOP_BY_HOP | replaced | {"content-length", "expect"}:
                    connection.putheader(name, value)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if request.body or request.method in {"PUT", "POST", "PATCH"}:
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), _joined(answer.getheaders()))

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the gate is not open")
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        self._stopping.clear()
        self._server = _Server(self, self.tls)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Gate:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stay_silent(self, connection: socket.socket) -> None:
        """Hold the connection until the client gives up or the gate closes."""
        connection.settimeout(0.1)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                try:
                    if not connection.recv(1):
                        return
                except OSError as error:
                    if isinstance(error, TimeoutError):
                        raise
                    return


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _HOP_BY_HOP}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gate: Gate, tls: ssl.SSLContext | None) -> None:
        self.gate = gate
        self.tls = tls
        super().__init__((HOST, 0), _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, client = super().get_request()
        if self.tls is not None:
            # The handshake is left to the handler's thread: a client that refuses our certificate must not stop others.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, client

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up, or refuse the certificate, are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out as one packet; otherwise every answer waits for the client's delayed ACK (40 ms).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def handle_expect_100(self) -> bool:
        """Like the base class, but at once: a client waits a second for this before it sends its body."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _handle(self) -> None:
        gate = self.server.gate
        request = Request(self.command, self.path, self.headers, self._body())
        try:
            response = gate.answer(request)
        except NoAnswer as drop:
            gate.requests.append(Exchange(request.method, request.target, 0))
            self.close_connection = True
            if isinstance(drop, Silence):
                gate.stay_silent(self.connection)
            return
        gate.requests.append(Exchange(request.method, request.target, response.status))
        self._send(request, response)

    def _send(self, request: Request, response: Response) -> None:
        names = {name.lower() for name in response.headers}
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            if name.lower() != "content-length" or request.method == "HEAD":
                self.send_header(name, value)
        if request.method != "HEAD" and response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        elif request.method == "HEAD" and "content-length" not in names:
            self.send_header("Content-Length", "0")
        self.end_headers()
        if request.method != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        """Nothing on the terminal: `requests` is the log."""
