"""How often strangers may ask for something that costs: counted in the cache, which all processes share."""

import hashlib
import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WINDOW_SECONDS = 60
MOST_PER_VISITOR = 10
MOST_PER_SUBJECT = 2


def address_of(request: HttpRequest) -> str:
    """The caller's address; behind proxies of the operator's, the one the outermost of them saw."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    address = hops[-count] if count and len(hops) >= count else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "unknown"


def allow(request: HttpRequest, what: str, subject: str) -> bool:
    """Count this request; False if its visitor, or this subject, has had its share of the last minute."""
    digest = hashlib.sha256(subject.strip().lower().encode()).hexdigest()[:32]
    visitor = _count(f"throttle:{what}:visitor:{address_of(request)}") <= MOST_PER_VISITOR
    return _count(f"throttle:{what}:subject:{digest}") <= MOST_PER_SUBJECT and visitor


def _count(key: str) -> int:
    if cache.add(key, 1, WINDOW_SECONDS):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it ended between the two calls
        return 1
