"""Whether a browser's scripts may read from a bucket, and the document that lets them. Pure.

CORS stands between a bucket and what pages of other sites do by script: `fetch`, or an image whose pixels are read
(`crossorigin`, canvas, WebGL). A plain `<img>` or `<video>` shows a file without it. Reading is a simple GET: its
headers (and the plain kind of `Range`) need no leave of their own, https://fetch.spec.whatwg.org/#cors-safelisted-request-header
so origin and method decide.
"""

import re
from enum import StrEnum
from urllib.parse import urlsplit

from clouds.config import CloudConfig, Endpoints
from clouds.provider import Document, provider_of
from clouds.store import CorsRule, Preflight


class CorsState(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def origin_of(url: str) -> str:
    """As a browser spells it: without path, and without the port everybody knows."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port not in (None, usual) else ''}"


def judge_rules(rules: list[CorsRule], origin: str) -> CorsState:
    allowed = any("GET" in rule.methods and any(_covers(entry, origin) for entry in rule.origins) for rule in rules)
    return CorsState.ALLOWED if allowed else CorsState.REFUSED


def _covers(pattern: str, origin: str) -> bool:
    """A `*` is anything, also nothing; all else is itself, with its capitals."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), origin) is not None


# By these words a cloud refuses the origin or the method; any other 403 may come from a firewall on the way.
_REFUSALS = {"AccessForbidden", "CorsPreflightFailure"}


def judge_preflight(answer: Preflight, origin: str) -> CorsState:
    """As a browser judges it."""
    if answer.status == 403 and answer.code in _REFUSALS:
        return CorsState.REFUSED
    if not 200 <= answer.status < 300:
        return CorsState.UNKNOWN
    methods = [method.strip().upper() for method in answer.methods.split(",") if method.strip()]
    fits = answer.origin in {"*", origin} and (not methods or "GET" in methods or "*" in methods)
    return CorsState.ALLOWED if fits else CorsState.REFUSED


def summary(state: CorsState, origin: str) -> str:
    return {
        CorsState.ALLOWED: f"Browser access (CORS): allowed for {origin}.",
        CorsState.REFUSED: f"Browser access (CORS): not allowed for {origin}. No CORS rule of the bucket names it.",
        CorsState.UNKNOWN: f"Browser access (CORS): could not be tested for {origin}.",
    }[state]


def documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    """What lets pages at `origin` read from exactly this bucket (Azure: this account, it has rules for all of it)."""
    return provider_of(config).cors_documents(config, origin, endpoints)
