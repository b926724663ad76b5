"""Where an endpoint that a user typed may lead."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from clouds import Cause, Deadline, Endpoints, StoreError, guard, open_store, parse_config
from tests.clouds.examples import example
from tests.servers.gate import Gate

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "168.63.129.15",
    "168.63.129.17",
    "192.0.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2001:4860:4860::8888",
    "2a01:4f8::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
# Each with what is there.
PRIVATE = {
    "this machine": ["127.0.0.1", "127.8.9.10", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"],  # noqa: S104
    "private networks": ["10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::a9fe:a9fe", "febf::1"],
    "site-local, retired": ["fec0::1", "feff::1"],
    "shared by customers of a provider": ["100.64.0.1", "100.127.255.254"],
    "metadata of AWS": ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"],
    "metadata of Azure": ["168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::1"],
    "metadata of Google": ["fd20:ce::254"],
    "metadata of Oracle": ["192.0.0.192", "::ffff:192.0.0.192", "fd00:c1::a9fe:a9fe"],
    "metadata of Alibaba": ["100.100.100.200", "100.100.2.136"],
    "metadata of Tencent and Scaleway": ["169.254.0.23", "169.254.42.42", "fd00:42::42"],
    "protocols": ["192.0.0.1", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.88.99.1", "192.31.196.1", "192.175.48.1"],
    "documentation and benchmarks": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255"],
    "the same for IPv6": ["2001:db8::1", "3fff::1", "2001:2::1", "2001:10::1", "2001:20::1", "100::1", "5f00::1"],
    "many machines at once": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1", "255.255.255.255"],
    "reserved": ["240.0.0.1", "4000::1", "8000::1", "1::1", "3ffe::1"],
    "IPv4 inside of IPv6": [
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",  # translated (RFC 2765)
        "::127.0.0.1",  # compatible, retired
        "::8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",  # a translator of the local network (RFC 8215)
        "2002:7f00:1::",  # 6to4
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "2001::1",  # Teredo
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2a01:4f8::5efe:7f00:1",  # ISATAP
        "2a01:4f8::200:5efe:a00:1",
    ],
}
ADDRESSES = [*((address, True) for address in PUBLIC), *((one, False) for all_of in PRIVATE.values() for one in all_of)]


@pytest.mark.parametrize(("address", "may"), ADDRESSES)
def test_what_may_be_reached(address: str, may: bool) -> None:
    judged = ipaddress.ip_address(address)
    assert guard.may_reach("host.example", judged, ()) is may
    assert guard.may_reach("host.example", judged, ("other.example", "11.0.0.0/24")) is may
    assert guard.may_reach("host.example", judged, ("host.example",))


def test_the_table_is_no_small_one() -> None:
    assert len({address for address, _ in ADDRESSES}) == len(ADDRESSES) >= 90


def test_whatever_python_calls_private_is_forbidden() -> None:
    """The list is our own; that it forgets nothing is seen by Python's: at both ends of each network that it knows."""
    known = ipaddress._IPv4Constants._private_networks + ipaddress._IPv6Constants._private_networks  # type: ignore[attr-defined]
    reserved = ipaddress._IPv6Constants._reserved_networks  # type: ignore[attr-defined]
    assert len(known) > 20
    for network in [*known, *reserved]:
        for address in (network[0], network[-1]):
            assert network == ipaddress.ip_network("::ffff:0:0/96") or not guard.may_reach("x", address, ()), address


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
        return Connected(address)


class Connected(socket.socket):
    """As if there were a connection, from another machine's address unless `own` says so."""

    own: str | None = None

    def __init__(self, peer: tuple[str, int]) -> None:
        super().__init__()
        self.peer = peer

    def getsockname(self) -> tuple[str, int]:
        return (self.own or "192.0.2.77", 40000)

    def getpeername(self) -> tuple[str, int]:
        return self.peer


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


def test_the_public_address_of_this_machine_is_no_way_past_its_firewall(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.answers = [["93.184.216.34"]] * 3
    monkeypatch.setattr(Connected, "own", "93.184.216.34")
    with pytest.raises(StoreError) as caught:
        connect()
    assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
    connect(("host.example",))
    connect(("93.184.216.0/24",))


SPELLINGS = [
    *("127.0.0.1", "localhost", "LocalHost", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1"),
    *("0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"),  # noqa: S104
    *("①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127.0.0.1。", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ。"),
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_this_machine_gets_there(host: str) -> None:
    with Gate() as gate:
        with pytest.raises(StoreError) as caught:
            guard.connect(host, gate.port, timeout=5, allowed_private_hosts=())
        assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
        assert gate.requests == []


@pytest.mark.parametrize(
    "host",
    ["", ".", "a" * 64 + ".example", "a..example", "with space.example", "a/b.example", "a@127.0.0.1", "a\0.example"],
)
def test_what_is_no_name_has_no_address(host: str) -> None:
    """And raises nothing else than a name that nobody knows: what the callers expect."""
    with pytest.raises(socket.gaierror):
        guard.connect(host, 443, timeout=5, allowed_private_hosts=())


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
