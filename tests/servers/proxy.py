"""A forward proxy for the tests: it tunnels (CONNECT), or passes on requests that name a whole address."""

from __future__ import annotations

import base64
import contextlib
import socket
import socketserver
import threading
from urllib.parse import urlsplit

from tests.servers.process import HOST


class Proxy:
    """`places` leads names to where they are, as `host:port`; what is not among them is where it says.

    `pair` is `name:password`, without which nothing passes.
    """

    def __init__(self, *, places: dict[str, str] | None = None, pair: str = "") -> None:
        self.places = places or {}
        self.wanted = f"Basic {base64.b64encode(pair.encode()).decode()}" if pair else ""
        self.seen: list[str] = []
        """The first lines of requests, without the version."""
        self._server: socketserver.ThreadingTCPServer | None = None

    def __enter__(self) -> Proxy:
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                proxy.serve(self.request, self.rfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Clients that hang up are nothing to tell."""

        self._server = Server((HOST, 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"{HOST}:{self._server.server_address[1]}"

    def serve(self, client: socket.socket, incoming: object) -> None:
        lines: list[bytes] = []
        while (line := incoming.readline()) not in {b"\r\n", b""}:  # type: ignore[attr-defined]
            lines.append(line.rstrip(b"\r\n"))
        if not lines:
            return
        method, target, version = lines[0].decode().split(" ")
        self.seen.append(f"{method} {target}")
        if self.wanted and f"Proxy-Authorization: {self.wanted}".encode() not in lines:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        place = self.places.get(parts.hostname or "", f"{parts.hostname}:{parts.port or 80}")
        host, _, port = place.rpartition(":")
        with contextlib.closing(socket.create_connection((host, int(port)), 10)) as upstream:
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                # One request for each connection, so that none after it goes past us.
                kept = [line for line in lines[1:] if not line.lower().startswith((b"connection:", b"proxy-"))]
                head = [f"{method} {path} {version}".encode(), *kept, b"Connection: close"]
                upstream.sendall(b"\r\n".join([*head, b"", b""]))
            threading.Thread(target=_pump, args=(incoming, upstream), daemon=True).start()
            told = method == "CONNECT"
            while piece := upstream.recv(65536):
                if not told and not piece.startswith(b"HTTP/1.1 100"):
                    piece, told = piece.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), True
                client.sendall(piece)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _pump(source: object, target: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):
        while piece := source.read1(65536):  # type: ignore[attr-defined]
            target.sendall(piece)
