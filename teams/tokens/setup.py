"""Who may make the first account, which may change everything: who sits at the machine, or has the printed link."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

# What proxies add. The visitor of a proxy on the same machine is somebody else than the one who sits there.
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")


def needs_secret(request: HttpRequest) -> bool:
    """False only for a visitor on this very machine, of a server that nobody else reaches."""
    return not (settings.LIGHTLY_LOCAL_ONLY and _is_from_here(request))


def is_right(secret: str) -> bool:
    return constant_time_compare(secret.strip(), settings.LIGHTLY_SETUP_SECRET)


def _is_from_here(request: HttpRequest) -> bool:
    if any(header in request.headers for header in _OF_PROXIES):
        return False
    # nginx says nothing of itself unless it is told to, but it speaks HTTP/1.0 to what it serves. No browser does.
    if request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (plain or address).is_loopback
