"""Where an endpoint that a user typed may lead."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from clouds import Cause, Deadline, Endpoints, StoreError, guard, open_store, parse_config
from tests.clouds.examples import example
from tests.servers.gate import Gate

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - not bound to
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",  # the metadata of cloud machines, with their credentials
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert guard.may_reach("host.example", ipaddress.ip_address(address), ())


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_not(address: str) -> None:
    assert not guard.may_reach("host.example", ipaddress.ip_address(address), ())
    assert not guard.may_reach("host.example", ipaddress.ip_address(address), ("other.example", "203.0.113.0/24"))


@pytest.mark.parametrize(
    ("host", "address", "allowed", "may"),
    [
        ("obs.internal", "10.0.0.7", "obs.internal", True),
        ("OBS.Internal", "10.0.0.7", "obs.internal.", True),
        ("bucket.obs.internal", "10.0.0.7", "obs.internal", True),  # OBS puts the bucket before the host
        ("evilobs.internal", "10.0.0.7", "obs.internal", False),
        ("obs.internal.evil.example", "10.0.0.7", "obs.internal", False),
        ("internal", "10.0.0.7", "obs.internal", False),
        ("anything", "10.0.0.7", "10.0.0.0/24", True),
        ("anything", "10.0.1.7", "10.0.0.0/24", False),
        ("anything", "10.0.0.7", "10.0.0.7", True),
        ("anything", "10.0.0.8", "10.0.0.7", False),
        ("anything", "::ffff:10.0.0.7", "10.0.0.0/24", True),
        ("anything", "fd00::7", "fd00::/8", True),
        ("anything", "fd00::7", "10.0.0.0/8", False),
        ("anything", "127.0.0.1", "127.0.0.1", True),
        ("anything", "169.254.169.254", "10.0.0.0/8", False),
    ],
)
def test_what_the_operator_allows(host: str, address: str, allowed: str, may: bool) -> None:
    assert guard.may_reach(host, ipaddress.ip_address(address), ("unrelated.example", allowed)) is may


class Names:
    """A name service of our own, and a network in which connections are only noted down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.refusing: set[str] = set()
        monkeypatch.setattr(socket, "getaddrinfo", self.resolve)
        monkeypatch.setattr(socket, "create_connection", self.connect)

    def resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        addresses = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.connected.append(address)
        if address[0] in self.refusing:
            raise ConnectionRefusedError
        return socket.socket()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def connect(allowed: tuple[str, ...] = ()) -> None:
    guard.connect("host.example", 443, timeout=1, allowed_private_hosts=allowed).close()


def test_the_address_that_was_judged_is_the_one_connected_to(names: Names) -> None:
    """A name whose second answer is a private address (DNS rebinding)."""
    names.answers = [["93.184.216.34"], ["127.0.0.1"]]
    connect()
    assert names.asked == ["host.example"]
    assert names.connected == [("93.184.216.34", 443)]


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_one_private_address_is_enough_to_stay_away(names: Names, answer: list[str]) -> None:
    names.answers = [answer]
    with pytest.raises(StoreError) as caught:
        connect()
    assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
    assert names.connected == []


def test_an_allowed_host_is_reached_at_its_private_address(names: Names) -> None:
    names.answers = [["10.0.0.7"]]
    connect(("host.example",))
    assert names.connected == [("10.0.0.7", 443)]


def test_addresses_are_tried_in_turn(names: Names) -> None:
    names.answers = [["93.184.216.34", "93.184.216.35"], ["93.184.216.34"]]
    names.refusing = {"93.184.216.34"}
    connect()
    assert names.connected == [("93.184.216.34", 443), ("93.184.216.35", 443)]
    with pytest.raises(ConnectionRefusedError):
        connect()


def test_silent_addresses_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty addresses at which nothing answers: together they cost no more than one."""
    now, waited = [100.0], []

    def silent(address: tuple[str, int], timeout: float) -> socket.socket:
        waited.append(timeout)
        now[0] += timeout
        raise TimeoutError

    names = Names(monkeypatch)
    names.answers = [[f"93.184.216.{number}" for number in range(40)]]
    monkeypatch.setattr(socket, "create_connection", silent)
    monkeypatch.setattr("clouds.guard.time.monotonic", lambda: now[0])
    with pytest.raises(TimeoutError):
        connect()
    assert min(waited) > 0
    assert sum(waited) == pytest.approx(1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_however_a_private_address_is_written_nothing_is_sent_there(host: str) -> None:
    with Gate() as gate:
        with pytest.raises(StoreError) as caught:
            guard.connect(host, gate.port, timeout=5, allowed_private_hosts=())
        assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
        config = parse_config(example("OBS", obsEndpoint=f"http://{host}:{gate.port}"))
        store = open_store(config, Endpoints(), Deadline(5))
        with pytest.raises(StoreError) as caught:
            store.keys("", limit=1)
        store.close()
        # The SDK puts the bucket before what does not look like an address to it, and no such host exists.
        assert caught.value.failure.cause in {Cause.ADDRESS_BLOCKED, Cause.UNREACHABLE}
        assert gate.requests == []


def test_who_hung_up_calls_nobody_again() -> None:
    """A thread that gets its connection after the check has ended: a server that drips would hold it for ever."""
    with Gate() as gate:
        config = parse_config(example("OBS", obsEndpoint=f"http://127.0.0.1:{gate.port}"))
        store = open_store(config, Endpoints(allowed_private_hosts=("127.0.0.1",)), Deadline(5))
        store.close()
        with pytest.raises(StoreError) as caught:
            store.keys("", limit=1)
        assert caught.value.failure.cause is Cause.TIMEOUT
        assert gate.requests == []
