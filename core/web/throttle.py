"""How often strangers may ask for something that costs: counted in the database, which all processes share."""

import hashlib
import ipaddress
import re

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from core.web.counting import CountingCache

WINDOW_SECONDS = 60
MOST_PER_VISITOR = 10
MOST_PER_SUBJECT = 2


def address_of(request: HttpRequest) -> str:
    """The caller's address; behind proxies of the operator's, the one the outermost of them saw."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    address = hops[-count] if count and len(hops) >= count else request.META.get("REMOTE_ADDR", "")
    # Some proxies (Azure Application Gateway) write the port behind it, for IPv6 after brackets.
    bare = re.fullmatch(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+", address)
    try:
        return str(ipaddress.ip_address(bare[1] or bare[2] or "" if bare else address))
    except ValueError:
        return "unknown"


def allow(request: HttpRequest, what: str, subject: str) -> bool:
    """Count this request; False if its visitor, or this subject, has had its share of the last minute."""
    digest = hashlib.sha256(subject.strip().lower().encode()).hexdigest()[:32]
    visitor = count(f"throttle:{what}:visitor:{address_of(request)}") <= MOST_PER_VISITOR
    return count(f"throttle:{what}:subject:{digest}") <= MOST_PER_SUBJECT and visitor


def count(key: str, window_seconds: float = WINDOW_SECONDS) -> int:
    """One more of this. Returns how many that makes in the window that began with the first of them."""
    return _counts().count(key, window_seconds)


def forget(key: str) -> None:
    """As if this had not been counted in its window."""
    _counts().delete(key)


def _counts() -> CountingCache:
    counts = caches["throttle"]
    if not isinstance(counts, CountingCache):
        raise ImproperlyConfigured("CACHES['throttle'] must be a core.web.counting.CountingCache.")
    return counts
