"""Keeps this server from being sent into private networks by an endpoint that a user typed.

The address is looked up once, judged, and then that very address is connected to: a second look-up could answer
differently (DNS rebinding), and redirects are not followed, so nothing gets past.

Where the operator has set a proxy (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), the connection goes to the proxy, whose address
is the operator's choice. The name is judged all the same, as far as it can be looked up here. What the proxy makes of
the name is the proxy's to guard.
"""

import base64
import http.client
import ipaddress
import re
import socket
import time
import unicodedata
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import requests.utils

from clouds.calls.names import look_up
from clouds.failures import Cause, Failure, StoreError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# Where nothing may be sent. Python's `is_global` is not asked: it changes with releases, and it calls addresses
# public at which clouds hand out credentials of this machine.
# From https://www.iana.org/assignments/iana-ipv4-special-registry and what clouds document of their machines.
FORBIDDEN_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by customers of a provider; Alibaba's metadata (100.100.100.200)
        "127.0.0.0/8",
        "168.63.129.16/32",  # what Azure tells its machines: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "169.254.0.0/16",  # link-local; the metadata of AWS, Azure, Google, Huawei, Tencent and others
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocols; the metadata of Oracle (192.0.0.192)
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only this part is the internet: https://www.iana.org/assignments/ipv6-address-space. Outside of it are
# loopback, link-local, site-local and unique local addresses, and with them the metadata of AWS (fd00:ec2::254), Google
# (fd20:ce::254) and Scaleway (fd00:42::42).
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
FORBIDDEN_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, among them Teredo, which leads to an IPv4 address of its own choice
        "2001:db8::/32",
        "2002::/16",  # 6to4, which leads to an IPv4 address and is retired (RFC 7526)
        "2620:4f:8000::/48",
        "3ffe::/16",
        "3fff::/20",
    )
)

# Names that mean nothing outside of a private network (RFC 6761, 6762, 8375, ICANN's "internal"), or that networks use
# without having been given them.
_PRIVATE_NAMES = (
    *("localhost", "local", "localdomain", "internal", "home.arpa", "home", "lan", "intranet", "private", "corp"),
    "metadata.tencentyun.com",
)
# No name of the internet ends in a number, and programs read addresses from one: https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Of a proxy's answer to CONNECT.
_MOST_BYTES = 16 * 1024


@dataclass(frozen=True)
class Proxy:
    """The proxy that the operator has set for an address. Spoken to by plain HTTP."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)


def proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    """By the same variables and rules as the clouds' SDKs. Raises OSError for a proxy that can't be used."""
    name = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{name}:{port}/"
    chosen = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    if not chosen:
        return None
    parts = urllib.parse.urlsplit(chosen if "://" in chosen else f"http://{chosen}")
    if parts.scheme != "http" or not parts.hostname:
        raise OSError("the proxy must be an http:// address")
    authorization = ""
    if parts.username is not None:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Proxy(parts.hostname, parts.port or 80, authorization)


class ProxiedRequests(http.client.HTTPConnection):
    """Names the whole address in requests by plain HTTP that go through a proxy."""

    chosen_proxy: Proxy | None = None
    whole_address = ""  # such as http://host:port, empty where the proxy opens a tunnel

    def go_through(self, proxy: Proxy | None, *, tunnel: bool) -> None:
        self.chosen_proxy = proxy
        name = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == http.client.HTTP_PORT else f":{self.port}"
        self.whole_address = f"http://{name}{port}" if proxy and not tunnel else ""

    def putrequest(self, method: str, url: str, *arguments: Any, **options: Any) -> None:
        super().putrequest(method, self.whole_address + url, *arguments, **options)
        if self.whole_address and self.chosen_proxy and self.chosen_proxy.authorization:
            self.putheader("Proxy-Authorization", self.chosen_proxy.authorization)


def connect(
    host: str,
    port: int,
    *,
    timeout: float,
    allowed_private_hosts: Iterable[str],
    proxy: Proxy | None = None,
    tunnel: bool = True,
) -> socket.socket:
    """A TCP connection to a host a user named. Raises StoreError ADDRESS_BLOCKED, or OSError as sockets do.

    `timeout` seconds are for the look-up of its name and for all of its addresses together: who owns the name can have
    a silent name server, and any number of silent addresses.
    With a proxy, the connection leads through a `tunnel` to the host, or else ends at the proxy.
    """
    ends_at = time.monotonic() + timeout
    host, allowed = _plain(host), tuple(allowed_private_hosts)
    addresses = _judged(host, port, allowed, timeout, unknown_here_is_fine=proxy is not None)
    if proxy:
        connected = socket.create_connection((proxy.host, proxy.port), max(ends_at - time.monotonic(), 0.05))
        if tunnel:
            _open_tunnel(connected, host, port, proxy, ends_at)
        connected.settimeout(timeout)
        return connected
    failure: OSError = OSError("no address")
    for number, (_, _, _, _, address) in enumerate(addresses):
        share = (ends_at - time.monotonic()) / (len(addresses) - number)
        if share <= 0:
            raise TimeoutError
        try:
            connected = socket.create_connection((str(address[0]), port), share)
            is_here = _is_this_machine(connected)
        except OSError as error:
            failure = error
            continue
        if is_here and not _is_allowed(host, _address(address), allowed):
            connected.close()
            raise StoreError(Failure(Cause.ADDRESS_BLOCKED))
        connected.settimeout(timeout)
        return connected
    raise failure


def _is_this_machine(connected: socket.socket) -> bool:
    """Whether both ends are here, as behind the machine's own public address, where no firewall stands in between."""
    return bool(connected.getsockname()[0] == connected.getpeername()[0])


def _plain(host: str) -> str:
    """The name as it is looked up: small letters, ASCII digits and dots, no dot at its end. Raises OSError for none.

    Browsers and name services read `①②⑦。0。0。1` as an address, and `ＬＯＣＡＬＨＯＳＴ.` as a name.
    """
    name = re.sub("[\u3002\uff0e\uff61]", ".", unicodedata.normalize("NFKC", host)).lower().rstrip(".")
    try:
        name = name if ":" in name else name.encode("idna").decode()
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
    if not name or not name.isprintable() or any(sign in name for sign in " /?#@\\%[]"):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return name


def _judged(host: str, port: int, allowed: tuple[str, ...], seconds: float, *, unknown_here_is_fine: bool) -> list[Any]:
    """The host's addresses, all of which may be reached. Raises StoreError, or OSError where it has none.

    Behind a proxy, many servers can't look up names of the internet. Such a name is refused if it looks private.
    """
    try:
        addresses = look_up(host, port, seconds=seconds)
    except socket.gaierror:
        if not unknown_here_is_fine:
            raise
        private = "." not in host or f".{host}".endswith(tuple(f".{ending}" for ending in _PRIVATE_NAMES))
        if (private or _NUMBER.fullmatch(host.rpartition(".")[2])) and not is_allowed_host(host, allowed):
            raise StoreError(Failure(Cause.ADDRESS_BLOCKED)) from None
        return []
    for entry in addresses:
        if not may_reach(host, _address(entry[4]), allowed):
            raise StoreError(Failure(Cause.ADDRESS_BLOCKED))
    return addresses


def _address(entry: Any) -> Address:
    """Of what a look-up answers for a socket, without the interface that a link-local address carries."""
    return ipaddress.ip_address(str(entry[0]).partition("%")[0])


def _open_tunnel(connected: socket.socket, host: str, port: int, proxy: Proxy, ends_at: float) -> None:
    """Raises OSError, and closes the connection, where the proxy does not open it in time."""
    try:
        name = f"[{host}]" if ":" in host else host
        lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
        lines += [f"Proxy-Authorization: {proxy.authorization}"] if proxy.authorization else []
        connected.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            left = ends_at - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connected.settimeout(left)
            piece = connected.recv(1024)
            answer += piece
            if not piece or len(answer) > _MOST_BYTES:
                raise ConnectionError("no answer of the proxy")
        words = answer.split(b"\r\n", 1)[0].split()
        if len(words) < 2 or words[1] != b"200":
            raise ConnectionError("the proxy does not let this through")
    except OSError:
        connected.close()
        raise


def may_reach(host: str, address: Address, allowed_private_hosts: Iterable[str]) -> bool:
    """Public addresses always; others only if the operator allowed the host by name, or a network it lies in."""
    return _is_public(address) or _is_allowed(host, address, allowed_private_hosts)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in FORBIDDEN_IPV4)
    inner = _embedded(address)
    if address.ipv4_mapped or address in NAT64:
        return inner is not None and _is_public(inner)
    # The end of an address by which ISATAP (RFC 5214) leads to the IPv4 address behind it: 0000:5efe or 0200:5efe.
    is_isatap = (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE
    return address in PUBLIC_IPV6 and not is_isatap and not any(address in network for network in FORBIDDEN_IPV6)


def _is_allowed(host: str, address: Address, allowed_private_hosts: Iterable[str]) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        address = _embedded(address) or address
    return any(_covers(entry, host, address) for entry in allowed_private_hosts)


def is_allowed_host(host: str, allowed_private_hosts: Iterable[str]) -> bool:
    """Whether the operator allowed this very host: by its name, or, for an address, by a network in which it lies."""
    try:
        address: Address | None = ipaddress.ip_address(host)
    except ValueError:
        address = None
    return any(_covers(entry, host, address) for entry in allowed_private_hosts)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that this one leads to, if it is only another way to write or to reach one."""
    nat64 = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or nat64


def _covers(entry: str, host: str, address: Address | None) -> bool:
    if entry.lower().rstrip(".") == host.lower().rstrip("."):
        return True
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        # A name: it covers its subdomains too, because OBS puts the bucket before the endpoint's host.
        return host.lower().endswith(f".{entry.lower()}")
    return address is not None and address.version == network.version and address in network
