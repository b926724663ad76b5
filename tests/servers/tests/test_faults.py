"""Each fault is really seen by a client: the faults themselves have to be trusted before a test leans on them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.servers import faults
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.process import ServerProcess, ServerStartError, answers, eventually, free_port

BODY = b"x" * 5000


class Upstream(Gate):
    def answer(self, request: Request) -> Response:
        match request.path:
            case "/silent":
                raise Silence
            case "/drop":
                raise NoAnswer
        return Response(200, request.body or BODY, {"X-Seen-Host": request.header("Host")})


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    gate = Upstream()
    gate.start()
    yield gate
    gate.stop()


def connected(address: str) -> socket.socket:
    host, _, port = address.partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def test_silent_accepts_and_never_answers() -> None:
    with faults.silent() as peer:
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"http://{peer.address}", timeout=0.3)
        assert peer.accepted == 1


def test_drip_never_pauses_long_enough_for_a_read_timeout() -> None:
    with faults.drip(seconds=0.1) as peer, connected(peer.address) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 3:
            received += client.recv(4096)
        assert received.startswith(b"HTTP/1.1 200")
        assert received.endswith(b"\r\n\r\n   ")


def test_reset() -> None:
    with faults.reset() as peer, pytest.raises(requests.exceptions.ConnectionError, match="reset"):
        requests.get(f"http://{peer.address}", timeout=5)


def test_slow_delays_each_request_and_changes_nothing(upstream: Upstream) -> None:
    with faults.slow(upstream.address, 0.3) as proxy:
        started = time.monotonic()
        answer = requests.get(f"http://{proxy.address}", timeout=5)
        assert time.monotonic() - started >= 0.3
        assert (answer.content, answer.headers["X-Seen-Host"]) == (BODY, proxy.address)


def test_cut_ends_the_answer_early(upstream: Upstream) -> None:
    with faults.cut(upstream.address, 1000) as proxy, pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"http://{proxy.address}", timeout=5)


def test_refused() -> None:
    with faults.refused() as address, pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        requests.get(f"http://{address}", timeout=5)


def test_untrusted_tls_is_refused_before_any_request() -> None:
    with faults.untrusted_tls() as server:
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"https://{server.address}", timeout=5)
        assert server.requests == []
        with pytest.warns(Warning, match="Unverified HTTPS"):
            careless = requests.get(f"https://{server.address}", verify=False, timeout=5)  # noqa: S501
        assert (careless.status_code, len(server.requests)) == (200, 1)


def test_a_gate_forwards_bodies_hosts_and_records(upstream: Upstream) -> None:
    with Gate(upstream.address) as gate:
        url = f"http://{gate.address}"
        with requests.Session() as session:
            sized = session.post(f"{url}/a%20b?c=d%2Fe", data=b"body", timeout=5)
            chunked = session.put(url, data=iter([b"ab", b"cd"]), timeout=5)
            head = session.head(url, timeout=5)
        assert (sized.content, sized.headers["X-Seen-Host"]) == (b"body", gate.address)
        assert chunked.content == b"abcd"
        assert (head.status_code, head.content) == (200, b"")
        assert gate.requests == [
            Exchange("POST", "/a%20b?c=d%2Fe", 200),
            Exchange("PUT", "/", 200),
            Exchange("HEAD", "/", 200),
        ]
        assert upstream.requests == gate.requests


def test_a_gate_may_stay_silent_or_drop_the_connection(upstream: Upstream) -> None:
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"http://{upstream.address}/silent", timeout=0.3)
    with pytest.raises(requests.exceptions.ConnectionError, match="without response"):
        requests.get(f"http://{upstream.address}/drop", timeout=5)
    assert upstream.requests == [Exchange("GET", "/silent", 0), Exchange("GET", "/drop", 0)]


def test_a_closed_gate_lets_go_of_its_port_and_its_silent_clients(upstream: Upstream) -> None:
    address, port = upstream.address, upstream.port
    with connected(address) as client:
        client.sendall(b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")
        assert eventually(lambda: bool(upstream.requests))
        upstream.stop()
        assert client.recv(1) == b""
    assert not answers(port)


def test_a_process_that_dies_shows_its_log() -> None:
    script = "import sys; print('the reason why'); sys.exit(3)"
    server = ServerProcess("mortal", lambda port: [sys.executable, "-c", script])
    with pytest.raises(ServerStartError, match=r"code 3(.|\n)*the reason why"):
        server.start()


def test_a_process_that_never_listens_is_given_up_and_ended() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    server = ServerProcess("deaf", lambda port: command, timeout=0.2)
    with pytest.raises(ServerStartError, match="did not answer"):
        server.start()
    with pytest.raises(RuntimeError, match="not running"):
        server.pid  # noqa: B018


def test_a_process_is_ended_together_with_its_children() -> None:
    child = "import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.BaseHTTPRequestHandler).serve_forever()"
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    server = ServerProcess("family", lambda port: [sys.executable, "-c", parent, child.format(port=port)])
    server.start()
    assert answers(server.port)
    server.stop()
    assert not answers(server.port)
    server.stop()


def test_a_server_does_not_outlive_tests_that_were_killed() -> None:
    listen = "import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.BaseHTTPRequestHandler).serve_forever()"
    tests = f"""
import sys
from tests.servers.process import ServerProcess
server = ServerProcess("orphan", lambda port: [sys.executable, "-c", {listen!r}.format(port=port)])
server.start()
print(server.port, flush=True)
sys.stdin.read()
"""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", tests], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        assert answers(port)
        process.kill()
    assert eventually(lambda: not answers(port))


def test_free_ports_are_free() -> None:
    assert not answers(free_port())
