"""Signed URLs for the storage of `make demo`: moto with IAM enforcement knows signatures in headers alone.

A URL's signature is checked here, and the request goes on to moto with one in its headers. So rights count as ever, and
browsers can read files and play videos.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SIGNATURE = "X-Amz-Signature"


class SignedUrls:
    """In front of moto. `secrets`: secret access keys by their ids."""

    def __init__(self, app: WSGIApplication, secrets: Mapping[str, str]) -> None:
        self._app = app
        self._secrets = secrets

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        if environ["REQUEST_METHOD"] != "GET" or _SIGNATURE not in query:
            return self._app(environ, start_response)
        scope = query.get("X-Amz-Credential", "").split("/")
        key_id, region = (scope[0], scope[2]) if len(scope) == 5 else ("", "")
        secret = self._secrets.get(key_id)
        if secret is None or not _is_right(environ, query, Credentials(key_id, secret), region):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Wrong or expired signature</Message></Error>"]
        left = {name: value for name, value in query.items() if not name.startswith("X-Amz-")}
        request = AWSRequest("GET", _address(environ, left), headers={"host": environ["HTTP_HOST"]})
        S3SigV4Auth(Credentials(key_id, secret), "s3", region).add_auth(request)
        signed = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        return self._app({**environ, **signed, "QUERY_STRING": urlencode(left)}, start_response)


def _address(environ: WSGIEnvironment, query: Mapping[str, str]) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/-_.~")
    return f"http://{environ['HTTP_HOST']}{path}?{urlencode(query, quote_via=quote, safe='-_.~')}"


def _is_right(environ: WSGIEnvironment, query: Mapping[str, str], credentials: Credentials, region: str) -> bool:
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ends_at = signed_at + timedelta(seconds=int(query["X-Amz-Expires"]))
    except (KeyError, ValueError, OverflowError):
        return False
    told = {name: value for name, value in query.items() if name != _SIGNATURE}
    request = AWSRequest("GET", _address(environ, told), headers={"host": environ["HTTP_HOST"]})
    request.context["timestamp"] = query["X-Amz-Date"]
    auth = S3SigV4QueryAuth(credentials, "s3", region)
    right = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return hmac.compare_digest(right.encode(), query[_SIGNATURE].encode()) and datetime.now(UTC) < ends_at
