"""The POST to an address that a user typed: what can go wrong on the way, and where it must not lead."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clouds import guard
from clouds.calls.sockets import Sockets
from notifications.webhooks import guarded_post
from tests.receivers import HookReceiver
from tests.servers.certificates import Authority, self_signed_context
from tests.servers.proxy import Proxy


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to a public address when it is judged, and to this machine when asked again."""
    answers = ["8.8.8.8", "127.0.0.1"]
    connected: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise OSError("no route")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(guarded_post.UndeliveredError, match="the connection failed"):
        guarded_post.post("https://rebind.example/", b"", {}, allowed_private_hosts=())
    assert connected == ["8.8.8.8"]


class TestProxy:
    """What the operator has set for all connections to the internet holds for webhooks as well."""

    @pytest.fixture(autouse=True)
    def set_proxy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
        for name in ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with Proxy() as proxy:
            for name in ("http_proxy", "https_proxy"):
                monkeypatch.setenv(name, f"http://{proxy.address}")
            yield proxy

    def test_by_https_through_a_tunnel(self, set_proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        with HookReceiver(tls=authority.server_context("hooks.corp.invalid")) as receiver:
            set_proxy.places["hooks.corp.invalid"] = urlsplit(receiver.url).netloc
            status = guarded_post.post("https://hooks.corp.invalid/lightly", b"{}", {}, allowed_private_hosts=())
        assert status == 204
        assert set_proxy.seen == ["CONNECT hooks.corp.invalid:443"]

    def test_by_http_with_the_whole_address(self, set_proxy: Proxy) -> None:
        with HookReceiver() as receiver:
            url = receiver.url
            assert guarded_post.post(url, b"{}", {}, allowed_private_hosts=["127.0.0.1"]) == 204
        assert set_proxy.seen == [f"POST {url}/"]

    def test_private_addresses_do_not_reach_it(self, set_proxy: Proxy) -> None:
        for url in ("https://169.254.169.254/", "https://metadata.google.internal/", "https://intranet/"):
            with pytest.raises(guarded_post.UndeliveredError, match="the address is private"):
                guarded_post.post(url, b"{}", {}, allowed_private_hosts=())
        assert set_proxy.seen == []

    def test_one_that_can_t_be_used_is_said_to_be_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
        with pytest.raises(guarded_post.UndeliveredError, match="proxy"):
            guarded_post.post("https://hooks.example/", b"{}", {}, allowed_private_hosts=())


class TestTrouble:
    """What can go wrong on the way says so in words of our own."""

    def problem(self, url: str) -> str:
        with pytest.raises(guarded_post.UndeliveredError) as raised:
            guarded_post.post(url, b"{}", {}, allowed_private_hosts=["127.0.0.1", "localhost"])
        return str(raised.value)

    @pytest.fixture
    def silent(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """A server that answers one byte at a time, for ever."""
        monkeypatch.setattr(guarded_post, "SECONDS", 0.3)
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 1000:
                    if stop.wait(0.02):
                        return
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:  # that is what we wait for
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        stop.set()
        thread.join()
        listener.close()

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert self.problem(f"http://127.0.0.1:{port}/") == "the connection failed"

    def test_a_server_that_drips(self, silent: str) -> None:
        started = time.monotonic()
        assert self.problem(silent) == "no answer within 0.3 s"
        assert time.monotonic() - started < 2

    def test_a_server_that_drips_after_a_slow_connection(self, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first of its addresses leads nowhere, so the time is over before there is a connection to hang up."""
        connect, over = guard.connect, threading.Event()
        hang_up = Sockets.hang_up

        def told(sockets: Sockets) -> None:
            hang_up(sockets)
            over.set()

        def slow(host: str, port: int, **options: Any) -> socket.socket:
            assert over.wait(10)
            return connect(host, port, **options)

        monkeypatch.setattr(Sockets, "hang_up", told)

        monkeypatch.setattr(guard, "connect", slow)
        started = time.monotonic()
        assert self.problem(silent) == "no answer within 0.3 s"
        assert time.monotonic() - started < 2

    def test_an_unknown_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        assert self.problem("https://no.such.host.example/") == "the host name is unknown"

    def test_a_certificate_nobody_trusts(self, tmp_path: Path) -> None:
        with HookReceiver(tls=self_signed_context(tmp_path)) as receiver:
            assert self.problem(receiver.url) == "no trusted TLS certificate"
            assert receiver.received == []

    def test_a_certificate_of_somebody_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        with HookReceiver(tls=authority.server_context("other.example")) as receiver:
            assert self.problem(receiver.url) == "no trusted TLS certificate"
        with HookReceiver(tls=authority.server_context()) as receiver:
            assert guarded_post.post(receiver.url, b"{}", {}, allowed_private_hosts=["127.0.0.1"]) == 204
            assert receiver.received[0].body == b"{}"
