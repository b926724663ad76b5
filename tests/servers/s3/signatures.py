"""Who signed a request to the S3 test server, and whether the signature is right and fresh."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.servers.gate import Request, Response
from tests.servers.xml_errors import xml_error

if TYPE_CHECKING:
    pass


MAX_CLOCK_SKEW = timedelta(minutes=15)


def credential_of(request: Request) -> tuple[str, str, str]:
    """Access key id, region and service of a signature version 4, in the header or the URL; empty if there is none."""
    scope = request.query.get("X-Amz-Credential", "")
    authorization = request.header("Authorization")
    if authorization.startswith("AWS4-HMAC-SHA256"):
        scope = authorization.partition("Credential=")[2].partition(",")[0]
    parts = scope.split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else ("", "", "")


def refuse_unsigned(request: Request) -> Response:
    if request.header("Authorization").startswith("AWS ") or "AWSAccessKeyId" in request.query:
        message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        return xml_error(400, "InvalidRequest", message)
    return xml_error(403, "AccessDenied", "Access Denied")


def refuse_unsigned_headers(request: Request) -> Response | None:
    """AWS wants each x-amz- header of a presigned request to be signed: https://github.com/aws/aws-sdk-ruby/issues/1556"""
    if "X-Amz-Signature" not in request.query:
        return None
    signed = request.query["X-Amz-SignedHeaders"].split(";")
    loose = [name.lower() for name in request.headers if name.lower().startswith("x-amz-")]
    loose = [name for name in loose if name not in signed]
    message = "There were headers present in the request which were not signed"
    return xml_error(403, "AccessDenied", message, HeadersNotSigned=", ".join(loose)) if loose else None


def signed_by(request: Request, credentials: Credentials) -> bool:
    _, region, service = credential_of(request)
    query = request.query
    authorization = request.header("Authorization")
    presigned = "X-Amz-Signature" in query
    names = query["X-Amz-SignedHeaders"] if presigned else _between(authorization, "SignedHeaders=")
    headers = {name: request.header(name) for name in names.split(";")}
    target = request.target
    if presigned:
        target = (
            request.raw_path
            + "?"
            + "&".join(
                part for part in request.target.partition("?")[2].split("&") if not part.startswith("X-Amz-Signature=")
            )
        )
    signed = AWSRequest(request.method, f"http://{request.header('Host')}{target}", headers=headers, data=request.body)
    signed.context["timestamp"] = query.get("X-Amz-Date") or request.header("X-Amz-Date")
    signer: SigV4Auth = (S3SigV4QueryAuth if presigned else S3SigV4Auth)(credentials, service, region)
    expected = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    given = query["X-Amz-Signature"] if presigned else _between(authorization, "Signature=")
    return secrets.compare_digest(str(expected), given)


def _between(text: str, start: str) -> str:
    return text.partition(start)[2].partition(",")[0].strip()


def refuse_time(request: Request) -> Response | None:
    signed_at = datetime.strptime(
        request.query.get("X-Amz-Date") or request.header("X-Amz-Date"), "%Y%m%dT%H%M%SZ"
    ).replace(tzinfo=UTC)
    age = datetime.now(UTC) - signed_at
    if "X-Amz-Expires" in request.query:
        if age > timedelta(seconds=int(request.query["X-Amz-Expires"])):
            return xml_error(403, "AccessDenied", "Request has expired")
    elif abs(age) > MAX_CLOCK_SKEW:
        message = "The difference between the request time and the current time is too large."
        return xml_error(403, "RequestTimeTooSkewed", message)
    return None
