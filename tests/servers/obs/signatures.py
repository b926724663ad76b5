"""Who signed a request to the OBS test server, for which bucket, and whether the signature is right and fresh."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.servers.gate import Request, Response
from tests.servers.xml_errors import xml_error

if TYPE_CHECKING:
    pass


MAX_CLOCK_SKEW = timedelta(minutes=15)
# Query parameters which name a part of the resource and are therefore signed.
_SIGNED_PARAMETERS = {
    "acl", "cors", "delete", "lifecycle", "location", "logging", "partNumber", "policy", "quota", "storageinfo",
    "tagging", "uploadId", "uploads", "versionId", "versioning", "versions", "website", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires",
}  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """The two ways of signing differ in names only."""

    scheme: str
    prefix: str
    url_key: str


_DIALECTS = (Dialect("OBS", "x-obs-", "AccessKeyId"), Dialect("AWS", "x-amz-", "AWSAccessKeyId"))


def _is_virtual_host(request: Request) -> bool:
    """Whether the bucket stands in the host name, as it does unless the host is an IP address."""
    try:
        ipaddress.ip_address(request.header("Host").rpartition(":")[0] or request.header("Host"))
    except ValueError:
        return True
    return False


def bucket_and_key_of(request: Request) -> tuple[str, str]:
    if _is_virtual_host(request):
        return request.header("Host").partition(".")[0], request.path.removeprefix("/")
    return request.bucket_and_key()


def caller_of(request: Request) -> tuple[str, Dialect | None]:
    for dialect in _DIALECTS:
        if request.header("Authorization").startswith(f"{dialect.scheme} "):
            return request.header("Authorization").split(" ")[1].partition(":")[0], dialect
        if dialect.url_key in request.query:
            return request.query[dialect.url_key], dialect
    return "", None


def signed_by(request: Request, secret: str, dialect: Dialect) -> bool:
    query = request.query
    special = {
        name.lower(): str(value).strip()
        for name, value in request.headers.items()
        if name.lower().startswith(dialect.prefix)
    }
    in_url = dialect.url_key in query
    date = "" if f"{dialect.prefix}date" in special else request.header("Date")
    lines = [
        request.method,
        request.header("Content-MD5"),
        request.header("Content-Type"),
        query["Expires"] if in_url else date,
        *(f"{name}:{value}" for name, value in sorted(special.items())),
        _resource(request),
    ]
    digest = hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha1")
    given = query.get("Signature", "") if in_url else request.header("Authorization").rpartition(":")[2]
    return hmac.compare_digest(base64.b64encode(digest).decode(), given)


def _resource(request: Request) -> str:
    bucket = f"/{request.header('Host').partition('.')[0]}" if _is_virtual_host(request) else ""
    signed = []
    for part in sorted(request.target.partition("?")[2].split("&")):
        name, equals, value = part.partition("=")
        if unquote(name) in _SIGNED_PARAMETERS:
            signed.append(f"{name}={unquote(value)}" if equals else name)
    return bucket + request.raw_path + ("?" + "&".join(signed) if signed else "")


def refuse_time(request: Request, dialect: Dialect) -> Response | None:
    if dialect.url_key in request.query:
        late = time.time() > int(request.query["Expires"])
        return xml_error(403, "AccessDenied", "Request has expired") if late else None
    signed_at = parsedate_to_datetime(request.header(f"{dialect.prefix}date") or request.header("Date"))
    if abs(datetime.now(UTC) - signed_at.astimezone(UTC)) > MAX_CLOCK_SKEW:
        message = "The difference between the request time and the current time is too large."
        return xml_error(403, "RequestTimeTooSkewed", message)
    return None
