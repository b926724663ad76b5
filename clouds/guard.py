"""Keeps this server from being sent into private networks by an endpoint that a user typed.

The address is looked up once, judged, and then that very address is connected to: a second look-up could answer
differently (DNS rebinding), and redirects are not followed, so nothing gets past.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable

from clouds.failures import Cause, Failure, StoreError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def connect(host: str, port: int, *, timeout: float, allowed_private_hosts: Iterable[str]) -> socket.socket:
    """A TCP connection to a host a user named. Raises StoreError ADDRESS_BLOCKED, or OSError as sockets do.

    `timeout` seconds are for all of its addresses together: who owns the name can give it any number of silent ones.
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed = tuple(allowed_private_hosts)
    if not all(
        may_reach(host, ipaddress.ip_address(str(entry[4][0]).partition("%")[0]), allowed) for entry in addresses
    ):
        raise StoreError(Failure(Cause.ADDRESS_BLOCKED))
    failure: OSError = OSError("no address")
    ends_at = time.monotonic() + timeout
    for number, (_, _, _, _, address) in enumerate(addresses):
        share = (ends_at - time.monotonic()) / (len(addresses) - number)
        if share <= 0:
            raise TimeoutError
        try:
            connected = socket.create_connection((str(address[0]), port), share)
        except OSError as error:
            failure = error
        else:
            connected.settimeout(timeout)
            return connected
    raise failure


def may_reach(host: str, address: Address, allowed_private_hosts: Iterable[str]) -> bool:
    """Public addresses always; others only if the operator allowed the host by name, or a network it lies in."""
    if isinstance(address, ipaddress.IPv6Address):
        address = _embedded(address) or address
    # Python calls the retired fec0::/10 global; there are networks that still use it.
    inside = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    if address.is_global and not inside:
        return True
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
