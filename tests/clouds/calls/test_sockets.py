"""Connections that are closed under a call that waits."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clouds import Deadline, Endpoints, StoreError, open_store, parse_config
from clouds.calls.sockets import Sockets
from tests.clouds.examples import example
from tests.servers.certificates import Authority
from tests.servers.faults import Peer
from tests.servers.process import HOST, eventually


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_hanging_up_wakes_a_reader(pair: tuple[socket.socket, socket.socket]) -> None:
    sockets, (ours, _theirs) = Sockets(), pair
    sockets.keep(ours)
    read: list[bytes] = []
    thread = threading.Thread(target=lambda: read.append(ours.recv(1)))
    thread.start()
    sockets.hang_up()
    thread.join(10)
    assert read == [b""]


def test_who_comes_after_that_is_hung_up_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    sockets, (ours, theirs) = Sockets(), pair
    sockets.hang_up()
    with pytest.raises(TimeoutError):
        sockets.keep(ours)
    assert theirs.recv(1) == b""


def test_closed_ones_are_forgotten(pair: tuple[socket.socket, socket.socket]) -> None:
    sockets, (ours, _theirs) = Sockets(), pair
    for _ in range(100):
        with sockets.handle_on(ours):
            pass
    assert len(sockets._open) == 1


def test_a_failed_handshake_leaves_nothing_open(pair: tuple[socket.socket, socket.socket]) -> None:
    sockets, (ours, theirs) = Sockets(), pair

    def refuse(_: socket.socket) -> socket.socket:
        raise ssl.SSLError("planted")

    with pytest.raises(ssl.SSLError):
        sockets.secured(ours, refuse)
    assert theirs.recv(1) == b""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def dripping(context: ssl.SSLContext, *, in_handshake: bool) -> Peer:
    """An HTTPS server that drips: an answer, or already the record with which TLS begins."""

    def serve(connection: socket.socket, stopping: threading.Event) -> None:
        talking = connection if in_handshake else context.wrap_socket(connection, server_side=True)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 100000\r\n\r\n"
        with talking:
            talking.recv(65536)
            talking.sendall(b"\x16\x03\x03\x40\x00" if in_handshake else head)
            while not stopping.wait(0.05):
                talking.sendall(b"\x02")

    return Peer(serve)


@pytest.mark.parametrize("in_handshake", [False, True], ids=["answer", "handshake"])
@pytest.mark.parametrize("provider", ["OBS", "S3Compatible", "S3", "AZURE", "GCS"])
def test_closing_a_store_ends_a_call_over_tls(
    provider: str, in_handshake: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS takes the socket out of the object in which it was made, so there are two to know."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(authority.ca_file))
    with dripping(authority.server_context(), in_handshake=in_handshake) as peer:
        url = f"https://{peer.address}"
        changes = {"OBS": {"obsEndpoint": url}, "S3Compatible": {"s3Endpoint": url}}.get(provider, {})
        endpoints = Endpoints(
            s3=url,
            azure=f"{url}/{{account}}",
            gcs=url,
            gcs_token=f"{url}/token",
            allowed_private_hosts=(HOST,),
        )
        store = open_store(parse_config(example(provider, **changes), endpoints), endpoints, Deadline(60))
        ended: list[Any] = []

        def call() -> None:
            try:
                ended.append(store.keys("", limit=1))
            except StoreError as error:
                ended.append(error.failure)

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        assert eventually(lambda: peer.accepted >= 1)
        assert not ended
        store.close()
        thread.join(10)
        assert ended, "the call still waits"
